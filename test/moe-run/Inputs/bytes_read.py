"""Checks the bytes in the output of moe-run --bench for two layers of moe-gen's 16 experts of 64 x 128, of which a token goes to two."""
import json
import sys

bench = json.load(open(sys.argv[1]))
one, many = bench["cases"]
expert = 3 * 64 * 128 * 4
assert bench["weight_bytes"] - one["weight_bytes_read"] == 2 * 14 * expert, one
assert many["weight_bytes_read"] == bench["weight_bytes"], many
assert abs(one["weight_gb_per_s"] * one["ms_median"] * 1e6 / one["weight_bytes_read"] - 1) < 0.01, one
print("one token reads 2 of 16 experts, many read all")
