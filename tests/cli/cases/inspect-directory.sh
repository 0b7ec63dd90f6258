wrapup inspect tests/data/tiny-mistral
