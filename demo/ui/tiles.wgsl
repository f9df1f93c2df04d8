// Draws values [height, width, channels] as a grid of tiles, one for each channel, one pixel for each value.
//
//   ┌────┬────┬────┐     `find_ranges`: least and largest value of each channel, one invocation for each.
//   │ c0 │ c1 │ c2 │     `draw_tiles`:  every pixel of the canvas, from the values and the ranges: nothing is read back.
//   ├────┼────┼────┤
//   │ c3 │ c4 │    │     Tiles stand `gap` pixels apart.
//   └────┴────┴────┘

struct Grid {
  height: u32,
  width: u32,
  channels: u32,
  columns: u32,
  gap: u32,
  // 1: below zero blue, above zero orange; 0: from the least, black, to the largest, white.
  signs: u32,
}

@group(0) @binding(0) var<uniform> grid: Grid;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> ranges: array<vec2f>;
@group(0) @binding(3) var<storage, read> found: array<vec2f>;

@compute @workgroup_size(64)
fn find_ranges(@builtin(global_invocation_id) id: vec3u) {
  let channel = id.x;
  if (channel >= grid.channels) {
    return;
  }
  var range = vec2f(values[channel]);
  for (var cell = 1u; cell < grid.height * grid.width; cell++) {
    let value = values[cell * grid.channels + channel];
    range = vec2f(min(range.x, value), max(range.y, value));
  }
  ranges[channel] = range;
}

@vertex
fn cover(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4f {
  // One triangle that is larger than the canvas.
  return vec4f(f32(corner & 1u) * 4.0 - 1.0, f32(corner >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment
fn draw_tiles(@builtin(position) position: vec4f) -> @location(0) vec4f {
  let at = vec2u(position.xy);
  let tile = vec2u(grid.width + grid.gap, grid.height + grid.gap);
  let cell = at % tile;
  let channel = (at.y / tile.y) * grid.columns + at.x / tile.x;
  if (cell.x >= grid.width || cell.y >= grid.height || channel >= grid.channels) {
    return vec4f(0.0);
  }
  let value = values[(cell.y * grid.width + cell.x) * grid.channels + channel];
  let range = found[channel];
  if (grid.signs == 1u) {
    let share = value / max(max(abs(range.x), abs(range.y)), 1e-12);
    let far = select(vec3f(0.18, 0.44, 0.87), vec3f(0.85, 0.46, 0.17), share > 0.0);
    return vec4f(mix(vec3f(0.96), far, abs(share)), 1.0);
  }
  return vec4f(vec3f((value - range.x) / max(range.y - range.x, 1e-12)), 1.0);
}
