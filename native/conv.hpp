// Convolution in two dimensions, float32. One-dimensional ones come as images of height 1.
//
//   N batch, C input channels, O output channels, G groups, I = C / G, J = O / G
//   H, W input size; P, Q output size; T = kh * kw taps of the kernel
//
// Output cell (p, q) meets under tap (i, j) input cell (p sh + i dh - ph, q sw + j dw - pw).
#pragma once
#include "memory.hpp"
#include "transpose.hpp"

namespace rl::RL_ISA {

RL_INLINE i64 min(i64 a, i64 b) { return a < b ? a : b; }
RL_INLINE i64 max(i64 a, i64 b) { return a > b ? a : b; }
RL_INLINE i64 clamp(i64 x, i64 low, i64 high) { return max(low, min(x, high)); }

struct Conv {
    i64 n, c, h, w;         // x  (N, C, H, W)
    i64 o, kh, kw;          // w  (O, I, kh, kw)
    i64 p, q;               // y  (N, O, P, Q)
    i64 sh, sw, ph, pw, dh, dw, groups;

    i64 in() const { return c / groups; }    // I
    i64 out() const { return o / groups; }   // J
    i64 taps() const { return kh * kw; }     // T
};

// What follows a convolution in the same pass: y = act(scale · sum + shift + other). A bias is a shift
// without a scale.
enum class Act { none, relu, relu6, silu, hardswish };
struct Ending {
    const float *scale = nullptr, *shift = nullptr;  // (O) or null; no scale without a shift
    const float* other = nullptr;                    // (N, O, P, Q) or null
    Act act = Act::none;

    // The part of act that is done to numbers while they are in registers for their transposition;
    // the rest is a loop of its own over what is in the cache.
    bool in_registers() const { return act <= Act::relu6; }
};

// x (N, C, H, W), w (O, I, kh, kw) -> y (N, O, P, Q)
void conv_forward(const Conv& g, const float* x, const float* w, const Ending& e, float* y);
// dy (N, O, P, Q), w (O, I, kh, kw) -> dx (N, C, H, W); with a gate of that shape, the output of a
// relu, 0 where it is 0
void conv_dx(const Conv& g, const float* dy, const float* w, const float* gate, float* dx);
// dy (N, O, P, Q), x (N, C, H, W) -> dw (O, I, kh, kw), db (O)
void conv_dw(const Conv& g, const float* dy, const float* x, float* dw, float* db);

// The same of bfloat16 (bits), bias in float; false where it does not apply (conv_bf16.cpp).
bool conv_bf16(const Conv& g, const std::uint16_t* x, const std::uint16_t* w, const float* bias, bool relu,
               std::uint16_t* y);

// No infinity and no NaN among n numbers.
bool all_finite(const float* x, i64 n);

// silu or hardswish of n numbers where they are; no other act.
void activate(Act act, float* x, i64 n);

// What happens to the sums on their way out.
struct Added {  // + other, between two bounds
    const float *other, *out;
    float low, high;
    F operator()(F v, const float* at, i64 n) const {
        if (other) v += get(other + (at - out), n);
        v = v < low ? all(low) : v;  // (NaN stays)
        return v > high ? all(high) : v;
    }
};
struct Relu {
    F operator()(F v, const float*, i64) const { return v < 0 ? F{} : v; }
};
struct Gate {  // the output of the relu in front
    const float *y, *out;
    F operator()(F v, const float* at, i64 n) const {
        const float* const p = y + (at - out);
        return (n == LANES<float> ? load(p) : load_part(p, n)) <= 0 ? F{} : v;
    }
};

// The two ways to do it: registers of neighbouring output channels (conv_direct.cpp and
// conv_weight.cpp) or of neighbouring output cells (conv_narrow.cpp).
// (forward: either an `other` or an act that is not in_registers; the narrow way takes no `other`)
void direct_forward(const Conv& g, const float* x, const float* w, const Ending& e, float* y);
void direct_dx(const Conv& g, const float* dy, const float* w, const float* gate, float* dx);
void direct_dw(const Conv& g, const float* dy, const float* x, float* dw, float* db);
void narrow_forward(const Conv& g, const float* x, const float* w, const Ending& e, float* y);
void narrow_dx(const Conv& g, const float* dy, const float* w, float* dx);
void narrow_dw(const Conv& g, const float* dy, const float* x, float* dw, float* db);

// Winograd's way for 3x3 kernels of stride 1 (conv_winograd.cpp). False where it does not apply, would
// not pay, or met a number that is not finite: y is to be made another way.
bool winograd_forward(const Conv& g, const float* x, const float* w, const Ending& e, float* y);
bool winograd_dx(const Conv& g, const float* dy, const float* w, const float* gate, float* dx);
bool winograd_dw(const Conv& g, const float* dy, const float* x, float* dw, float* db);

// f(finish) with what an ending does in registers.
template <class G>
RL_INLINE auto with_finish(const Ending& e, const float* y, G f) {
    constexpr float INF = __builtin_inff();
    if (e.other || e.act == Act::relu6) {
        const bool bounded = e.act == Act::relu || e.act == Act::relu6;
        return f(Added{e.other, y, bounded ? 0 : -INF, e.act == Act::relu6 ? 6 : INF});
    }
    if (e.act == Act::relu) return f(Relu{});
    return f(Unchanged{});
}

// Each output channel from one input channel (conv_depthwise.cpp). False where it does not apply.
bool depthwise_forward(const Conv& g, const float* x, const float* w, const Ending& e, float* y);
bool depthwise_dx(const Conv& g, const float* dy, const float* w, const float* gate, float* dx);

// src rows [first, first + rows) of `channels` planes -> to (rows, channels, width): `left` zeros,
// a row, zeros. (A negative `left` leaves out the first columns.)
inline void copy_rows(const float* src, i64 h, i64 w, i64 channels, i64 first, i64 rows, i64 left,
                      i64 width, float* to) {
    constexpr i64 N = LANES<float>;
    const i64 low = clamp(0, first, first + rows), high = clamp(h, low, first + rows);
    const i64 line = channels * width;
    zero(to, (low - first) * line);
    zero(to + (high - first) * line, (first + rows - high) * line);
    for (i64 c = 0; c < channels; c++) {
        const float* x = src + (c * h + low) * w - left;
        float* y = to + (low - first) * line + c * width;
        for (i64 j = 0; j < width; j += N) {
            const i64 from = clamp(left - j, 0, N), until = clamp(left + w - j, from, N);
            const i64 n = width - j;
            for (i64 r = 0; r < high - low; r++) {
                const float* const at = x + r * w + j;
                const F v = until - from == N ? load(at) : load_between(at, from, until);
                if (n >= N) store(y + r * line + j, v);
                else store_part(y + r * line + j, v, n);
            }
        }
    }
}

}  // namespace rl::RL_ISA
