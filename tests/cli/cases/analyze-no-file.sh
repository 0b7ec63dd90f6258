wrapup analyze --model tests/data/tiny-llama "$T/none.txt"
