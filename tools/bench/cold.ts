/** Environment in which first steps are cold: no shader that an earlier run compiled is found on disk, by Mesa's drivers or NVIDIA's. */
export const COLD = { MESA_SHADER_CACHE_DISABLE: 'true', __GL_SHADER_DISK_CACHE: '0' } as const;
