import { layers, losses, optimizers, sequential } from 'heddle';

const celsius = [[-40], [-10], [0], [8], [15], [22], [38]];
const fahrenheit = celsius.map(([degrees = 0]) => [degrees * 1.8 + 32]);

const net = sequential([layers.dense({ units: 1, inputShape: [1] })], { seed: 1 });
net.compile({ optimizer: optimizers.adam({ learningRate: 0.1 }), loss: losses.meanSquaredError() });
const { history } = await net.fit(celsius, fahrenheit, { epochs: 500 });
const boiling = await net.predict([[100]]);

const output = document.querySelector('output');
if (output) output.value = JSON.stringify({ boiling, epochs: history.loss?.length });
