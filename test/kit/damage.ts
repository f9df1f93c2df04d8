/** Damages kernels on their way to the driver, so that it can be seen who notices. */

export interface Damage {
  /** Entry points of the kernels that were changed so far. */
  readonly entryPoints: ReadonlySet<string>;
  /** Lets WGSL pass unchanged again. Twice is no error. */
  restore(): void;
}

/** From now on, `from` becomes `to` in the WGSL of every kernel whose entry point matches `kernel`. */
export function damagedShaders(kernel: RegExp, from: RegExp, to: string): Damage {
  const entryPoints = new Set<string>();
  const own = GPUDevice.prototype.createShaderModule;
  GPUDevice.prototype.createShaderModule = function (descriptor) {
    const entryPoint = (descriptor.label ?? '').split(' ').at(-1) ?? '';
    const code = kernel.test(entryPoint) ? descriptor.code.replace(from, to) : descriptor.code;
    if (code !== descriptor.code) entryPoints.add(entryPoint);
    return own.call(this, { ...descriptor, code });
  };
  return {
    entryPoints,
    restore() {
      GPUDevice.prototype.createShaderModule = own;
    },
  };
}
