// Whole vectors of doubles, as wide as the instruction set that this file is compiled for.
//
// Everything here is private to one translation unit: code compiled for a newer processor must
// never be merged by the linker with code for an older one.
#pragma once

#include <cstdint>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace {

#if defined(__AVX512F__)
constexpr int LANE_BYTES = 64;
constexpr int BLOCK_VECTORS_MAX = 26;  // of 32 registers; the rest hold a row, a weight and scratch
#elif defined(__AVX2__)
constexpr int LANE_BYTES = 32;
constexpr int BLOCK_VECTORS_MAX = 12;  // of 16 registers
#elif defined(__aarch64__)
constexpr int LANE_BYTES = 16;
constexpr int BLOCK_VECTORS_MAX = 24;  // of 32 registers
#else
constexpr int LANE_BYTES = 16;
constexpr int BLOCK_VECTORS_MAX = 10;  // of 16 registers; rounding needs scratch
#endif
constexpr int LANES = LANE_BYTES / 8;

typedef double Lanes __attribute__((vector_size(LANE_BYTES)));
typedef int64_t Bits __attribute__((vector_size(LANE_BYTES)));
typedef double LooseLanes __attribute__((vector_size(LANE_BYTES), aligned(8), may_alias));

constexpr int64_t SIGN_BIT = INT64_MIN;

inline Lanes load(const double* from) { return *reinterpret_cast<const LooseLanes*>(from); }
inline void store(double* to, Lanes value) { *reinterpret_cast<LooseLanes*>(to) = value; }
inline Lanes broadcast(double value) { return value - Lanes{}; }
inline Bits broadcast_bits(int64_t value) { return value - Bits{}; }

// A NaN in the second argument comes out; one in the first does not.
inline Lanes lesser(Lanes bound, Lanes value) { return bound < value ? bound : value; }
inline Lanes greater(Lanes bound, Lanes value) { return bound > value ? bound : value; }
inline Lanes absolute(Lanes value) { return (Lanes)((Bits)value & ~broadcast_bits(SIGN_BIT)); }

// To the nearest whole number, ties to even.
inline Lanes rounded(Lanes value) {
#if defined(__AVX512F__)
    return (Lanes)_mm512_roundscale_pd((__m512d)value, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#elif defined(__AVX2__)
    return (Lanes)_mm256_round_pd((__m256d)value, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#elif defined(__SSE4_1__)
    return (Lanes)_mm_round_pd((__m128d)value, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#elif defined(__aarch64__)
    return (Lanes)vrndnq_f64((float64x2_t)value);
#else
    // Adding 2**52 leaves no place for a fraction; from there on every double is whole.
    const Lanes whole = broadcast(4503599627370496.0), size = absolute(value);
    const Lanes nearest = size < whole ? (size + whole) - whole : size;
    return (Lanes)((Bits)nearest | ((Bits)value & broadcast_bits(SIGN_BIT)));
#endif
}

inline double rounded_one(double value) {
#if defined(__SSE4_1__)
    const __m128d lane = _mm_set_sd(value);
    return _mm_cvtsd_f64(_mm_round_sd(lane, lane, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#elif defined(__aarch64__)
    return vget_lane_f64(vrndn_f64(vdup_n_f64(value)), 0);
#else
    return rounded(broadcast(value))[0];
#endif
}

// Exact sums of rounded products. Where whole 64-bit integers can be made in one instruction, they
// are added as integers: the same figure below 2**53, and the adders of floats are left free.
#if defined(__AVX512DQ__)
typedef Bits Sums;
inline void add_rounded(Sums& sums, Lanes product) {
    sums += (Bits)_mm512_cvtpd_epi64((__m512d)product);
}
inline Lanes as_lanes(Sums sums) { return (Lanes)_mm512_cvtepi64_pd((__m512i)sums); }
inline Sums greatest_sums() { return broadcast_bits(INT64_MAX); }
#else
typedef Lanes Sums;
inline void add_rounded(Sums& sums, Lanes product) { sums += rounded(product); }
inline Lanes as_lanes(Sums sums) { return sums; }
inline Sums greatest_sums() { return broadcast(__builtin_inf()); }
#endif

}  // namespace
