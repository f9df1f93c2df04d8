/** The examples by name, without their code: for lists, for defaults, and for programs that run outside a page. */

export interface ExampleInfo {
  readonly name: ExampleName;
  readonly title: string;
  /** What a reader takes away. */
  readonly teaches: string;
  /** The packed data set that it needs. */
  readonly data: 'fashion-mnist' | 'digits' | 'films' | 'co2' | null;
  /** Whether it reads digits, drawn ones too. */
  readonly drawable?: true;
  /** What the user may bring along instead of the example's own data. */
  readonly takes?: Brought;
  /** `epochs` is 0 where nothing is trained. */
  readonly defaults: RunSettings;
}

/** The files of a folder, or one text file. */
export type Brought = 'folder' | 'text';

export interface RunSettings {
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
}

export type ExampleName =
  | 'celsius'
  | 'ten-times'
  | 'two-nodes'
  | 'fashion-mnist'
  | 'fashion-cnn'
  | 'fashion-resnet'
  | 'digits'
  | 'digits-cnn'
  | 'denoise'
  | 'titles'
  | 'genres'
  | 'co2'
  | 'adding'
  | 'spoken-digits';

export const CATALOGUE: readonly ExampleInfo[] = Object.freeze([
  {
    name: 'fashion-mnist',
    title: 'Clothes in ten classes',
    teaches:
      'A 784-128-10 network reads 28 × 28 pictures of clothes: 60,000 to learn from, 10,000 to be tested on.',
    data: 'fashion-mnist',
    defaults: { epochs: 5, batchSize: 32, seed: 42 },
  },
  {
    name: 'fashion-cnn',
    title: 'Clothes, by convolutions',
    teaches: 'Two convolutions with max pooling before the dense layers, and dropout between those.',
    data: 'fashion-mnist',
    defaults: { epochs: 5, batchSize: 32, seed: 42 },
  },
  {
    name: 'fashion-resnet',
    title: 'Clothes, by a residual network',
    teaches:
      'Blocks that add what they find to what they were given, with batch normalisation: a graph of layers.',
    data: 'fashion-mnist',
    defaults: { epochs: 1, batchSize: 32, seed: 42 },
  },
  {
    name: 'digits',
    title: 'Handwritten digits',
    teaches:
      'A 784-50-50-10 network; three tenths of the pictures are held out, class by class, and never trained on.',
    data: 'digits',
    drawable: true,
    defaults: { epochs: 10, batchSize: 32, seed: 42 },
  },
  {
    name: 'digits-cnn',
    title: 'Handwritten digits, by convolutions',
    teaches:
      'A small convolutional network that is shown each digit shifted a little differently every time.',
    data: 'digits',
    drawable: true,
    defaults: { epochs: 6, batchSize: 32, seed: 42 },
  },
  {
    name: 'denoise',
    title: 'Digits out of the noise',
    teaches:
      'A convolutional autoencoder gets digits with noise on them and gives them back without: noisy, restored, clean.',
    data: 'digits',
    defaults: { epochs: 3, batchSize: 32, seed: 42 },
  },
  {
    name: 'titles',
    title: 'Film titles, made up',
    teaches:
      'An LSTM reads 2,834 film titles letter by letter and makes up others, all on the GPU; or it learns from your own text.',
    data: 'films',
    takes: 'text',
    defaults: { epochs: 20, batchSize: 16, seed: 42 },
  },
  {
    name: 'genres',
    title: 'Genres from titles',
    teaches:
      'A GRU reads a title word by word from both ends and tells the genre: better than always naming the most common one.',
    data: 'films',
    defaults: { epochs: 6, batchSize: 32, seed: 42 },
  },
  {
    name: 'co2',
    title: 'CO₂, a year ahead',
    teaches:
      'An LSTM forecasts the last ten years of the CO₂ series of Mauna Loa, twelve months at a time, from the three years before.',
    data: 'co2',
    defaults: { epochs: 12, batchSize: 32, seed: 42 },
  },
  {
    name: 'adding',
    title: 'Two numbers out of 200',
    teaches:
      'A sum of two marked numbers in a long sequence: an LSTM learns it, a simple recurrent network of the same size does not.',
    data: null,
    defaults: { epochs: 4, batchSize: 32, seed: 42 },
  },
  {
    name: 'spoken-digits',
    title: 'Spoken digits',
    teaches:
      'A bidirectional GRU listens to recordings from your own folder (8 kHz WAV, named as 7_jackson_12.wav), or else to tones in six orders.',
    data: null,
    takes: 'folder',
    defaults: { epochs: 10, batchSize: 32, seed: 42 },
  },
  {
    name: 'celsius',
    title: 'Celsius to Fahrenheit',
    teaches: 'One neuron, seven pairs of temperatures: training finds the formula F = 1.8 C + 32.',
    data: null,
    defaults: { epochs: 500, batchSize: 32, seed: 42 },
  },
  {
    name: 'ten-times',
    title: 'Ten times, at two learning rates',
    teaches: 'The same neuron learns y = 10 x twice: a learning rate of 0.01 has not arrived where 0.1 has.',
    data: null,
    defaults: { epochs: 500, batchSize: 32, seed: 42 },
  },
  {
    name: 'two-nodes',
    title: 'Two nodes by hand',
    teaches: 'No training: what a network computes, formula by formula, and the same numbers from the GPU.',
    data: null,
    defaults: { epochs: 0, batchSize: 1, seed: 42 },
  },
]);
