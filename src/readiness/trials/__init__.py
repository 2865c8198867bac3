"""The sequential decision on what is not deterministic: values in, values out; the runner lies elsewhere."""
