wrapup train -q --model tests/data/tiny-llama --data /no/such/folder
