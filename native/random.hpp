// The Mersenne Twister MT19937 and the distributions drawn from it.
//
//   s   the generator's state, 629 words: 624 words of the Twister, then left, next (left - 1 words
//       from `next` on are unused), a double that waits in two words, and whether it waits
//   n   how many numbers
// Each function advances s by the draws that PyTorch makes for the same request. What rounds once in
// PyTorch's build (a multiplication fused with an addition) rounds once here, on every processor.
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

using Word = std::uint32_t;
constexpr i64 RNG_WORDS = 624, RNG_LEFT = 624, RNG_NEXT = 625, RNG_NORMAL = 626, RNG_WAITS = 628,
              RNG_SIZE = 629;

void rng_seed(Word* s, Word seed);
void rng_bits(Word* s, Word* y, i64 n);
void rng_uniform(Word* s, float* y, i64 n, double low, double high);
void rng_uniform(Word* s, double* y, i64 n, double low, double high);
void rng_integers(Word* s, i64* y, i64 n, i64 low, i64 high);  // low < high
void rng_bernoulli(Word* s, bool* y, i64 n, double p);
void rng_bernoulli_each(Word* s, const float* p, bool* y, i64 n);
void rng_bernoulli_each(Word* s, const double* p, bool* y, i64 n);
void rng_dropout(Word* s, float* y, i64 n, double p);
void rng_exponential(Word* s, double* y, i64 n, double rate);
void rng_cauchy(Word* s, double* y, i64 n, double median, double sigma);
void rng_normal(Word* s, float* y, i64 n, double mean, double std);   // n >= 16
void rng_normal(Word* s, double* y, i64 n, double mean, double std);  // n >= 16
void rng_normal_serial(Word* s, double* y, i64 n, double mean, double std);
void rng_randperm(Word* s, i64* y, i64 n);
// y (rows, k) = categories drawn by weights p (rows, n), with replacement; n, k > 0. False: a weight is
// negative or not finite, or all of a row are 0; nothing was drawn then. draws.cpp
template <class T>
bool rng_multinomial(Word* s, const T* p, i64 rows, i64 n, i64 k, i64* y);
void rng_gamma(Word* s, const double* a, double* y, i64 n);  // draws.cpp
void rng_poisson(Word* s, const double* rate, double* y, i64 n);
void rng_binomial(Word* s, const double* count, const double* p, double* y, i64 n);

}  // namespace rl::RL_ISA
