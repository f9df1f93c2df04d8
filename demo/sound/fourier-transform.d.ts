/** The part of the package that is used: it comes without types. */

declare module 'fourier-transform' {
  /** Magnitudes of N/2 frequencies of N samples, N a power of 2: a cosine of amplitude 1 at one of them gives 1 there. Lent until the next call. */
  export default function magnitudes(samples: ArrayLike<number>): Float64Array;
}
