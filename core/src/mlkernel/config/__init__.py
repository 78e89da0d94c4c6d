"""Configuration: one attrs class per component is the only declaration; everything else is derived from it."""
