"""The programs that run on the card, for each pixel that is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtOpenGL import QOpenGLShader, QOpenGLShaderProgram

from polyplive.gui.view.opengl.renderer import OpenGLError

if TYPE_CHECKING:
    from collections.abc import Iterable

_CORNERS = """
#version 410 core
// One triangle that covers the viewport, made of nothing but the number of the corner.
void main() {
    gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}
"""

_PLACES = """
#version 410 core
uniform int origin_x;  // of the viewport
uniform int origin_y;
uniform int rows;      // of the viewport where its first row lies at the top; 0: at the bottom, as in textures
uniform float white;   // the number of the brightest sample

ivec2 pixel() {
    ivec2 place = ivec2(gl_FragCoord.xy) - ivec2(origin_x, origin_y);
    return rows > 0 ? ivec2(place.x, rows - 1 - place.y) : place;
}

// Whole numbers from 0 to 'white'; beyond the edge those of the edge.
vec4 sample_at(sampler2D plane, ivec2 place) {
    return floor(texelFetch(plane, clamp(place, ivec2(0), textureSize(plane, 0) - 1), 0) * white + 0.5);
}

// Between the four samples around 'place', which counts samples from the middle of the first one.
vec4 linear(sampler2D plane, vec2 place) {
    ivec2 first = ivec2(floor(place));
    vec2 share = place - floor(place);
    vec4 above = mix(sample_at(plane, first), sample_at(plane, first + ivec2(1, 0)), share.x);
    vec4 below = mix(sample_at(plane, first + ivec2(0, 1)), sample_at(plane, first + ivec2(1, 1)), share.x);
    return roundEven(mix(above, below, share.y));
}

// The same of bytes in the arithmetic of OpenCV's resize, which stays a little below the mean.
vec4 linear_of_bytes(sampler2D plane, vec2 place) {
    ivec2 first = ivec2(floor(place));
    vec2 share = place - floor(place);
    ivec2 after = ivec2(roundEven(share * 2048.0));
    ivec2 before = ivec2(roundEven((1.0 - share) * 2048.0));
    ivec4 above = ivec4(sample_at(plane, first)) * before.x + ivec4(sample_at(plane, first + ivec2(1, 0))) * after.x;
    first.y += 1;
    ivec4 below = ivec4(sample_at(plane, first)) * before.x + ivec4(sample_at(plane, first + ivec2(1, 0))) * after.x;
    return vec4((((before.y * (above >> 4)) >> 16) + ((after.y * (below >> 4)) >> 16) + 2) >> 2);
}

// At the middle of the pixel, where there are 'ratio' samples to a pixel; or so many samples to the right of it. The
// first pixel begins at the place 'first'.
vec4 between(sampler2D plane, vec2 first, vec2 ratio, float beside) {
    vec2 place = (vec2(pixel()) + 0.5) * ratio - 0.5 + first;
    if (beside == 0.0 && white == 255.0) {
        return linear_of_bytes(plane, place);
    }
    return linear(plane, place + vec2(beside, 0.0));
}
"""

_RESAMPLE = """
uniform sampler2D plane;
uniform vec2 first;
uniform vec2 ratio;
uniform float beside;
out vec4 colour;

void main() {
    colour = between(plane, first, ratio, beside) / white;
}
"""

_CONVERT = """
uniform sampler2D luma;
uniform sampler2D cb;
uniform sampler2D cr;
uniform vec2 luma_first;
uniform vec2 luma_ratio;
uniform vec2 chroma_first;
uniform vec2 chroma_ratio;
uniform float beside;  // of chroma
uniform int across;    // so many pixels of a row get the same sample of chroma; 0: what lies between samples
uniform int down;      // so many rows
uniform vec4 red;      // what Y, Cb, Cr and 1 give to each colour, from 0 to 255
uniform vec4 green;
uniform vec4 blue;
out vec4 colour;

float chroma(sampler2D plane) {
    if (across > 0) {
        return sample_at(plane, pixel() / ivec2(across, down)).r;
    }
    return between(plane, chroma_first, chroma_ratio, beside).r;
}

void main() {
    vec4 samples = vec4(between(luma, luma_first, luma_ratio, 0.0).r, chroma(cb), chroma(cr), 1.0);
    colour = vec4(vec3(dot(red, samples), dot(green, samples), dot(blue, samples)) / 255.0, 1.0);
}
"""


def resampling_program() -> QOpenGLShaderProgram:
    """Scales one texture of any number of channels, linearly and rounded, or lays it over pixel by pixel."""
    return _linked(_RESAMPLE)


def converting_program() -> QOpenGLShaderProgram:
    """Scales three planes and turns them into red, green and blue."""
    return _linked(_CONVERT)


def _linked(main: str) -> QOpenGLShaderProgram:
    program = QOpenGLShaderProgram()
    kinds = QOpenGLShader.ShaderTypeBit
    parts: Iterable[tuple[QOpenGLShader.ShaderTypeBit, str]] = (
        (kinds.Vertex, _CORNERS),
        (kinds.Fragment, _PLACES + main),
    )
    done = all(program.addShaderFromSourceCode(kind, text.lstrip()) for kind, text in parts) and program.link()
    if not done:
        raise OpenGLError(f"the driver refuses a shader: {' '.join(program.log().split())[:200]}")
    return program
