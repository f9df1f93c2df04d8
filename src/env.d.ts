// Shaders reach TypeScript as text: `import source from '../../shaders/matmul.wgsl?raw'`.
declare module '*.wgsl?raw' {
  const source: string;
  export default source;
}
