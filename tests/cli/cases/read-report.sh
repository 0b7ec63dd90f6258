# What is what, who is who and why; the second file is wrong and passed over.
mkdir "$T/calls"
printf 'WEBVTT\n\n00:01.000 --> 00:03.000\n<v SPEAKER_00>Thank you for calling, how can I help?\n\n00:03.500 --> 00:05.000\n<v SPEAKER_01>I have a problem with my bill.\n' >"$T/calls/a.vtt"
printf 'Agent: caf\351\n' >"$T/calls/b.txt"
printf 'Dana: Hello.\nMiguel: Hi.\n' >"$T/calls/c.txt"
printf 'nothing that is known\n' >"$T/calls/d.txt"
wrapup read --report "$T/calls"
echo ---
wrapup read --report --no-infer-roles --agent-is Dana --customer-is "miguel, Ana" "$T/calls/a.vtt" "$T/calls/c.txt"
