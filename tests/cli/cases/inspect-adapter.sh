# An adapter of the PEFT layout: one tensor of four numbers.
printf '%s' '{"peft_type":"LORA","r":2,"lora_alpha":4,"target_modules":["q_proj"],"alpha_pattern":{}}' >"$T/adapter_config.json"
header='{"q.lora_A.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}'
{
    printf '\107\0\0\0\0\0\0\0'
    printf '%s' "$header"
    printf '0123456789abcdef'
} >"$T/adapter_model.safetensors"
wrapup inspect "$T"
