# A safetensors file that ends before its data do.
head -c 50000 tests/data/tiny-llama/model.safetensors >"$T/cut.safetensors"
wrapup inspect "$T/cut.safetensors"
