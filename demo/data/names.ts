/** Names, sizes and classes of the demo's packed data files: the one list that the packing script and the page share. */

/** Class names of Fashion-MNIST, in the order of its labels. */
export const FASHION_CLASSES: readonly string[] = Object.freeze([
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
]);

/** Class names of the digits. */
export const DIGIT_CLASSES: readonly string[] = Object.freeze([
  '0',
  '1',
  '2',
  '3',
  '4',
  '5',
  '6',
  '7',
  '8',
  '9',
]);

/** Height and width of every image of both sets. */
export const IMAGE_SIZE = 28;

/** The parts of Fashion-MNIST; `first` and `rest` together are the training set, cut so that a page can begin early. */
export const FASHION_FILES = Object.freeze({
  first: Object.freeze({ name: 'fashion-mnist-train-0', rows: 10_000 }),
  rest: Object.freeze({ name: 'fashion-mnist-train-1', rows: 50_000 }),
  test: Object.freeze({ name: 'fashion-mnist-test', rows: 10_000 }),
});

/** One file with all digits; the set has no test part, see `stratifiedSplit`. */
export const DIGITS_FILE = Object.freeze({ name: 'digits', rows: 10_000 });
