"""Writes Tests/Fixtures/chat/vectors.json: chat templates and what Jinja, set up as Hugging Face transformers does it, makes of them.

    pip install jinja2
    python Scripts/make-chat-vectors.py

The templates are ours. They use what those of LLaMA, Mistral, Qwen and SmolLM use, one idea in each.
"""

import datetime
import json
import pathlib

from jinja2 import nodes
from jinja2.exceptions import TemplateError
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment

TEMPLATES = {
    "turns": "{% for m in messages %}{% if loop.first and m['role'] != 'system' %}{{ '<sys>Be brief.\\n' }}{% endif %}"
    "{{ '<' + m['role'] + '>' + m['content'] + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}",
    "beginning": "{% set all = messages %}{% for m in all %}{% set t = '[' + m.role + ']' + m.content | trim + '[/]' %}"
    "{% if loop.index0 == 0 %}{% set t = bos_token + t %}{% endif %}{{ t }}{% endfor %}",
    "system folded in": "{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{% set sys = messages[0]['content'] %}"
    "{% elif fold == true and not 'x' in messages[0].content %}{% set rest = [] %}{% else %}{% set rest = messages %}"
    "{% set sys = false %}{% endif %}{% for m in rest %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('user and assistant take turns') }}{% endif %}{% if loop.index0 == 0 and sys != false %}"
    "{% set c = '((' + sys + '))\\n' + m.content %}{% else %}{% set c = m.content %}{% endif %}"
    "{{ c | trim + eos_token if m.role == 'assistant' else bos_token + '[I] ' + c | trim + ' [/I]' }}{% endfor %}",
    "blanks": "a\n  {% if true %}\n  b {% set x = 1 %} c\n  {# note #}\n{% endif %}\nd {{ x }}\n   {%+ if false %}no{% else %}yes"
    "{% endif %}\n\n{%- for i in range(4) if i != 1 %}\n  {{ i }}{{ ',' if not loop.last }}\n{% else %}\nnone\n{% endfor %}  end\n",
    "namespace": "{%- set ns = namespace(last=0, seen=false) -%}\n{%- for m in messages[::-1] %}\n  {%- if not ns.seen and "
    "m.role == 'user' and m.content is string and not (m.content.startswith('<r>') and m.content.endswith('</r>')) %}\n"
    "    {%- set ns.seen = true %}\n    {%- set ns.last = messages | length - 1 - loop.index0 %}\n  {%- endif %}\n{%- endfor %}\n"
    "{{- ns.last }}{%- for m in messages %}\n  {%- set c = m.content %}\n  {%- if '</t>' in c %}\n"
    "    {%- set c = c.split('</t>')[-1].lstrip('\\n') %}\n  {%- endif %}\n  {{- '|' ~ loop.index ~ c.rstrip() }}\n{%- endfor %}",
    "undefined": "{%- if not tools is defined %}\n    {%- set tools = none %}\n{%- endif %}\n{%- if date is defined %}{{ date }}{% else %}"
    "{%- set date = 'then' %}{% endif %}\n{{- date }}{{ tools is none }}{{ messages[0].nothing }}{{ messages[0].get('q', 'z') }}"
    "{{ nope | default('d') }}{% if messages[0].calls %}{{ messages[0].calls | unheard_of }}{% endif %}{{ nobody }}",
    "filters": "{% set u = messages | selectattr('role', 'equalto', 'user') | list %}{{ u | length }}{{ u[-1].content == messages[-1].content }}"
    "{% for m in messages | rejectattr('role', 'equalto', 'user') %}{{ m.role }}{% endfor %}{{ [1, 'a', none, true] }}"
    "{{ ['a', 'b'] | reject('equalto', 'a') | join('+') }}{{ 'aXbX' | replace('X', 'y') | upper }}{{ 'ab' 'cd' }}",
    "arithmetic": "{{ -7 // 2 }} {{ -7 % 3 }} {{ 1 + 2 * 3 - 4 }} {{ 'a' ~ 1 ~ 'b' }} {{ 'abcdef'[1:-2] }} {{ 'héo'[-2] }} {{ 0 or 'o' }} "
    "{{ (not false) and 1 }} {{ 3 not in [1, 2] }} {{ [1, 2, 3, 4][:1:-1] }} {{ [1, 2, 3][-9:2] }} {{ 'ab'[9:] }}|{{ 2 >= 2 }}"
    "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %}{{ 1 is odd }}{{ messages[0] is mapping }}{{ true is number }}{{ 1 is boolean }}{{ [] is sequence }}{{ none is iterable }}{{ \"q\\tq\\\\\" }}",
    "tools": "{% if tools is not none %}{{ tools[0].name }}{% endif %}{{ documents is defined }}{% generation %}{{ strftime_now is defined }}"
    "{% endgeneration %}{{ raise_exception is defined }}{{ nobody is defined }}{% if not date %}{% set date = strftime_now('%d %b %Y') %}{% endif %}{{ date }}",
    "date": "{{ strftime_now('%Y-%m-%d %H:%M:%S|%y %B %e %j %A %a %I %p %h %-d %-m %-H %F %T 100 %%') }}",
    "json": "{{ messages | tojson }}\n{{ messages[0] | tojson(indent=4) }}\n{{ [[], {}, none, true, -3, ['a', {'b': [1]}]] | tojson(indent=2) }}"
    "{{ 'q\\t\"\\\\\x01\x7f' | tojson }}{{ messages | tojson | length }}",
    "ends of lines": "{% if true %}\r\n  {% for m in messages %}\r\n{{ m.role }}\r\n  {%- endfor %}\r{% endif %}\r\na\rb{{ 'c\r\nd' }}\r\n",
    "quotation": "{{ ['it\\'s', 'a\"b', 'a\"\\'b', 'a\\nb\\tc\\\\d\\re', 'é 中', '\x01\x7f\xa0\u200b\ue000\U000e0001', {\"k'\": 'v'}] }}{{ messages }}",
    "slices": "{% for l in [[], [1], [1, 2, 3]] %}{% for a in [-9, -3, -2, -1, 0, 1, 2, 3, 9] %}{{ l[a:] }}{{ l[:a] }}{{ l[a::-1] }}{{ l[:a:-1] }}"
    "{% for b in [-9, -1, 0, 1, 9] %}{{ l[a:b] }}{{ l[a:b:-1] }}{% endfor %}{% endfor %}{{ l[:] }}{{ l[::] }}{{ l[::-1] }}{% endfor %}",
    "ranges": "{{ range(3) | list }}{{ range(-2, 2) | list }}{{ range(2, -2) | list }}{{ range(0) | list }}{% for i in range(2) %}{{ i }}{% endfor %}",
    "neighbours": "{% for m in messages %}{% if loop.previtem and loop.previtem.role == 'user' %}(after {{ loop.previtem.content }}){% endif %}"
    "{{ m.role }}{{ loop.depth }}{{ loop.depth0 }}{{ loop.nextitem is defined }}{{ loop.nextitem }}{% endfor %}",
    "ends of brackets": "a{%- if true +%}\n  b{% endif +%}\n c\u00a0\u2003{%- if true -%}\u00a0 \u2003d{% endif -%}\u3000\n e {#- x +#}\nf{# y -#} \u00a0g",
    "oddities": "{{ {'a': 1, 'b': 3, 'a': 2} }}{{ {'a': 1, 'a': 2}.a }}{{ 'ΟΔΟΣ ΣΑΣ' | lower }}{{ 'ΟΔΟΣ'.lower() }}{{ [nobody] }}{{ nobody is sequence }}{{ nobody is iterable }}",
    "json of nothing": "{{ nobody | tojson }}",
    "nothing of nothing": "{{ nothing.at.all }}",
    "a sum of unlike things": "{{ 'a' + 1 }}",
}

CONVERSATIONS = [
    [("user", " Who?\n")],
    [("system", "Sé "), ("user", "Hi"), ("assistant", "<t>hm</t>\n\nYo "), ("user", "x?")],
    [("user", "a"), ("user", "<r>b</r>")],
    [("user", "a"), ("assistant", "b")],
]


class Generation(Extension):
    """What an assistant said, marked for training: the block is what is in it."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.Scope(body).set_lineno(line)


def refuse(reason):
    raise TemplateError(reason)


def main():
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation])
    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = datetime.datetime(2024, 2, 29, 0, 5, 7).strftime
    environment.filters["tojson"] = lambda value, indent=None: json.dumps(value, ensure_ascii=False, indent=indent)
    vectors = []
    for name, template in TEMPLATES.items():
        for conversation in CONVERSATIONS:
            for prompt in (True, False):
                messages = [{"role": role, "content": content} for role, content in conversation]
                try:
                    text = environment.from_string(template).render(
                        messages=messages, add_generation_prompt=prompt, bos_token="<s>", eos_token="</s>", tools=None, documents=None
                    )
                except (TemplateError, TypeError):
                    text = None
                vectors.append(
                    {"name": name, "template": template, "messages": messages, "prompt": prompt, "text": text}
                )
    target = pathlib.Path(__file__).parent.parent / "Tests/Fixtures/chat/vectors.json"
    target.parent.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors)
    target.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
