# The prompt of the first conversation; nothing is sent, no key and no folder is needed.
wrapup synth --api https://example.invalid/v1 --api-model x --api-dry-run -n 50 --seed 7 --api-price-in 1 \
    --api-price-out 2 >"$T/prompt" 2>"$T/words"
sed -E 's/^([0-9]+\.|-) .*/\1/; s/^([A-Z][a-z]+):.*/\1:/; s/^[0-9]+\./(a line of the plan)/' "$T/prompt" | uniq
sed -E 's/[0-9]+ \+ [0-9]+/N + N/; s/[0-9]+\.[0-9]+/N/' "$T/words"
wrapup synth -q --api-dry-run -n 1 --seed 7 | cmp - "$T/prompt"
