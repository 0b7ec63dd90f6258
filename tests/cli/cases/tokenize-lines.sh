printf "Agent: Hello 42\n\nCustomer: the bill\n" | wrapup tokenize --model tests/data/tiny-llama
