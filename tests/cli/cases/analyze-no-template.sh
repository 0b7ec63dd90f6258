# A model without a chat template: nobody can know what it was trained on.
mkdir "$T/m"
cp tests/data/tiny-llama/config.json tests/data/tiny-llama/*.safetensors tests/data/tiny-llama/tokenizer.json "$T/m"
wrapup analyze --model "$T/m" examples/calls/cancel.txt
