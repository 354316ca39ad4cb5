/* Quicksort of numbers in several orders: compares that are hard to predict, swaps, recursion. */
#include "workload.h"

enum { NUMBERS = 100000, SHORT = 12, ROUNDS = 3 };

const char workload_name[] = "quicksort";

static int32_t numbers[NUMBERS];

static void swap(int32_t *a, int32_t *b)
{
    int32_t kept = *a;

    *a = *b;
    *b = kept;
}

static void insertion_sort(int32_t *first, int32_t *last)
{
    for (int32_t *next = first + 1; next <= last; next++) {
        int32_t value = *next;
        int32_t *place = next;

        for (; place > first && place[-1] > value; place--)
            *place = place[-1];
        *place = value;
    }
}

/* The median of three, so that what is in order already takes no longer. */
static int32_t pivot_of(int32_t *first, int32_t *last)
{
    int32_t *middle = first + (last - first) / 2;

    if (*middle < *first)
        swap(middle, first);
    if (*last < *first)
        swap(last, first);
    if (*last < *middle)
        swap(last, middle);
    return *middle;
}

static void quicksort(int32_t *first, int32_t *last)
{
    while (last - first >= SHORT) {
        int32_t pivot = pivot_of(first, last);
        int32_t *left = first;
        int32_t *right = last;

        while (left <= right) {
            while (*left < pivot)
                left++;
            while (*right > pivot)
                right--;
            if (left <= right)
                swap(left++, right--);
        }
        /* The shorter part by recursion, so that the stack stays small. */
        if (right - first < last - left) {
            quicksort(first, right);
            first = left;
        } else {
            quicksort(left, last);
            last = right;
        }
    }
    insertion_sort(first, last);
}

static uint32_t state = 2463534242u;

static uint32_t random(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* Random, of few values, rising, falling, and rising again and again. */
static int32_t number_at(int order, int32_t i)
{
    switch (order) {
    case 0:
        return (int32_t)random();
    case 1:
        return (int32_t)(random() % 50) - 25;
    case 2:
        return 7 * i;
    case 3:
        return -3 * i;
    default:
        return i % 1000 * 1000 - i;
    }
}

uint64_t workload(void)
{
    uint32_t sums[2] = { 0, 0 };

    for (int round = 0; round < ROUNDS; round++) {
        for (int order = 0; order < 5; order++) {
            for (int32_t i = 0; i < NUMBERS; i++)
                numbers[i] = number_at(order, i);
            quicksort(numbers, numbers + NUMBERS - 1);
            for (int32_t i = 0; i < NUMBERS; i++)
                sums[i % 2] = sums[i % 2] * 31 + (uint32_t)numbers[i];
        }
    }
    return (uint64_t)sums[0] << 32 | sums[1];
}
