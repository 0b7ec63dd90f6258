wrapup inspect --json tests/data/tiny-qwen2
