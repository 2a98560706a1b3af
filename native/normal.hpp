// The error function, within 2 units in the last place of the true value, and the normal distribution function Φ.
// Tables and coefficients: tools/fit_polynomials.py
#pragma once
#include "functions.hpp"

namespace rl::RL_ISA {

#if defined(__AVX512F__)
// As of tanh, with four parts an octave up to 4, where it is 1.
alignas(64) constexpr float ERF[7][32] = {
    {2.24989414f, 2.75011754f, 3.25038576f, 3.74952316f, 0, 0, 0, 0, 0, 0, 0, 0, 0.0703104213f,
     0.0859297216f, 0.101548597f, 0.11718829f, 0.140653729f, 0.171871647f, 0.203145608f, 0.234360203f,
     0.281268656f, 0.343805522f, 0.406213552f, 0.468804806f, 0.56251049f, 0.687386632f, 0.812579036f,
     0.937442243f, 1.12491906f, 1.37513924f, 1.62487125f, 1.87501872f},
    {0.998536527f, 0.999899447f, 0.999995708f, 0.999999881f, 0, 0, 0, 0, 0, 0, 0, 0, 0.079206273f,
     0.096723184f, 0.114192665f, 0.131629989f, 0.157670304f, 0.192043573f, 0.226110697f, 0.259684354f,
     0.309203178f, 0.37318486f, 0.43435204f, 0.492663115f, 0.573683083f, 0.669004917f, 0.749510109f,
     0.815075338f, 0.888362467f, 0.948193789f, 0.978433371f, 0.991990685f},
    {0.00714569725f, 0.000585921342f, 2.91223569e-05f, 8.85157306e-07f, 0, 0, 0, 0, 0, 0, 0,
     1.12837923f, 1.12281477f, 1.12007797f, 1.11680293f, 1.11298895f, 1.10627532f, 1.09553444f,
     1.08276081f, 1.06807458f, 1.04255056f, 1.00258338f, 0.956736565f, 0.905746579f, 0.82231164f,
     0.703478396f, 0.58303827f, 0.468595326f, 0.318331927f, 0.170294553f, 0.0805059299f, 0.0335434712f},
    {-0.0160723981f, -0.00160848803f, -9.41821781e-05f, -3.2824737e-06f, 0, 0, 0, 0, 0, 0, 0, 0,
     -0.0789455771f, -0.0962479934f, -0.113409773f, -0.130429268f, -0.15560174f, -0.188291326f,
     -0.219958112f, -0.250314176f, -0.293236792f, -0.344693661f, -0.388639331f, -0.424618334f,
     -0.462558627f, -0.483561397f, -0.473764539f, -0.439281046f, -0.358099282f, -0.234181046f,
     -0.130813301f, -0.0628950745f},
    {0.021735644f, 0.0027561218f, 0.00019460835f, 7.92827359e-06f, 0, 0, 0, 0, 0, 0, 0, -0.3761262f,
     -0.370571107f, -0.367845625f, -0.36458993f, -0.360806465f, -0.354167789f, -0.343603551f,
     -0.331131279f, -0.316915721f, -0.292531401f, -0.255189478f, -0.213665187f, -0.169206858f,
     -0.100641884f, -0.0128974682f, 0.0623009205f, 0.118335009f, 0.162441522f, 0.15792197f,
     0.114867851f, 0.0674392432f},
    {-0.019335445f, -0.00340118655f, -0.00030936001f, -1.56360475e-05f, 0, 0, 0, 0, 0, 0, 0, 0,
     0.0393415876f, 0.0478857495f, 0.05631347f, 0.0646157563f, 0.076766178f, 0.0922813788f,
     0.106941521f, 0.120561115f, 0.138826013f, 0.158699602f, 0.172873959f, 0.181132689f, 0.182238758f,
     0.165431604f, 0.132507876f, 0.0909471214f, 0.0283338316f, -0.0300413575f, -0.0494039655f,
     -0.0421689935f},
    {0.0105741033f, 0.00283286069f, 0.000334538665f, 2.03962554e-05f, 0, 0, 0, 0, 0, 0, 0,
     0.112691917f, 0.11006771f, 0.108709998f, 0.107090972f, 0.105216116f, 0.101947509f, 0.0967479199f,
     0.0906653479f, 0.0837808251f, 0.0721903667f, 0.0547920801f, 0.036041446f, 0.0168537889f,
     -0.0106502939f, -0.0414904132f, -0.0616102219f, -0.0694772154f, -0.0610813275f, -0.0306812227f,
     -0.00233019097f, 0.0113133136f}};
RL_INLINE F erf(F x) {
    const F size = at_most(abs(x), 0x1.fffffep1f), near = size < 0.0625f ? size : F{};
    // what the slope at 0 lacks as a float
    return copysign(fma(near, all(-5.86353834e-8f), by_parts(ERF, size)), x);
}
#else
RL_INLINE F erf(F x) {
    const F z = x * x, t = abs(x) > 4.0f ? all(4.0f) : abs(x);
    // fitted, then moved in their last places so that erf(1) is rounded right (it is asked for)
    const F small =
        polynomial(z, 0.128379166f, -0.376126379f, 0.112837829f, -0.0268654451f, 0.00522107165f,
                   -0.000848470314f, 0.000112703972f, -9.67992855e-06f);
    const F exponent = polynomial(t, 1.12840605f, 0.636445343f, 0.10326732f, -0.0199241471f,
                                  0.000570058415f, 0.00125467591f, -0.000508003868f,
                                  0.000105858839f, -1.2211638e-05f, 6.16749219e-07f);
    return t <= 1.0f ? fma(x, small, x) : copysign(1 - exp_within(-t * exponent), x);
}
#endif

// The normal distribution function Φ(x) of x <= 0 (or NaN) with the digits of the tail, to 3e-6 of it and
// 8e-8 in all; 0 below -5.66, as PyTorch's. 2^(x P(x) - 1), the power as a whole one times one of at most 1/2.
RL_INLINE F normal_tail(F x) {
    const float round = 12582912.0f;  // 1.5 * 2^23: adding it rounds
    const F exponent = fma(
        x,
        polynomial(x, 1.15110564f, -0.459206223f, 0.0524913222f, 0.00702679018f, 6.86632193e-05f, -0.000245556672f, -6.63948085e-05f, -9.2311393e-06f, -6.97284349e-07f, -2.25804797e-08f),
        all(-1.0f));
    const F n = (exponent + round) - round;
    const F y = polynomial(exponent - n, 1.0f, 0.693147004f, 0.240222424f, 0.0555073358f,
                           0.00967151299f, 0.00132647227f);
#if defined(__AVX512F__)
    const F tail = (F)_mm512_scalef_ps((__m512)y, (__m512)n);
#else
    const F tail = y * (F)((__builtin_convertvector(n, I32) + 127) << 23);
#endif
    return x < -5.65685425f ? F{} : tail;
}
RL_INLINE F negative(F x) { return (F)((I32)x | std::int32_t(0x80000000)); }
RL_INLINE F normal_cdf(F x) {
    const F tail = normal_tail(negative(x));
    return x > 0 ? 1 - tail : tail;
}
// x Φ(x): max(x, 0) - |x| Φ(-|x|); of infinity, infinity
RL_INLINE F times_normal_cdf(F x) {
    const F size = negative(6.0f < x ? all(6.0f) : x);
    return fma(size, normal_tail(size), x > 0 ? x : F{});
}

// (erf(x) - x) / x in x², and -log(1 - erf(x)) / x: tools/fit_polynomials.py
constexpr double ERF_SMALL[] = {
    0x1.06eba8214db69p-3, -0x1.812746b0379e6p-2, 0x1.ce2f21a042b33p-4, -0x1.b82ce31284f1dp-6,
    0x1.565bcd0dbd521p-8, -0x1.c02db3db3e29ap-11, 0x1.f9a321e374334p-14, -0x1.f4d1e41cd035cp-17,
    0x1.b9df2f2f0b3bep-20, -0x1.5f1f3729ca04ep-23, 0x1.f7b935b4dc1edp-27, -0x1.38aae7523d775p-30,
    0x1.0624138fda9a2p-34};
constexpr double ERF_LARGE[] = {
    0x1.20dd759edf2b5p0, 0x1.45f2f8875b38bp-1, 0x1.a4f762670652ep-4, -0x1.39896bb9e11f2p-6,
    -0x1.8bf57196c33b4p-13, 0x1.b2e1dbb9409a5p-10, -0x1.19c501d7b82c1p-11, -0x1.158d49959f1bbp-15,
    0x1.ec5deaa5962ddp-14, -0x1.1cf43bc347347p-14, 0x1.ac09181356ff4p-16, -0x1.e10e530503b6bp-18,
    0x1.a41bee79d801ep-20, -0x1.1e5da1c531c02p-22, 0x1.2c5a4302d8f75p-25, -0x1.d53a278692fc9p-29,
    0x1.01515cf2650ffp-32, -0x1.6199b2ba5c56fp-37, 0x1.c9f1a1a5d49b3p-43};

RL_INLINE D erf(D x) {
    const D size = abs(x);
    const D small = fma(x, series(x * x, ERF_SMALL), x);
    if (!any_beyond(x, 1.0)) return small;
    const D t = at_most(size, 6.0);
    return size > 1.0 ? copysign(1 - exp(-t * series(t, ERF_LARGE)), x) : small;
}
RL_INLINE D normal_cdf(D x) { return 0.5 * (1 + erf(x * 0.70710678118654752)); }
RL_INLINE D times_normal_cdf(D x) { return x * normal_cdf(x); }

}  // namespace rl::RL_ISA
