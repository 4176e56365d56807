"""A tokenizer in the shape of Moonshot's: written in Python, over the bytes of a text."""

import json
from pathlib import Path

from transformers import PreTrainedTokenizer
from transformers.models.gpt2.tokenization_gpt2 import bytes_to_unicode


class TikTokenTokenizer(PreTrainedTokenizer):
    vocab_files_names = {"vocab_file": "tiktoken.model"}  # noqa: RUF012
    model_input_names = ["input_ids", "attention_mask"]  # noqa: RUF012

    def __init__(self, vocab_file, **kwargs):
        self.vocab_file = vocab_file
        letters = bytes_to_unicode()
        pieces = json.loads(Path(vocab_file).read_text(encoding="utf-8"))
        self.encoder = {"".join(letters[b] for b in p.encode()): i for i, p in enumerate(pieces)}
        for letter in letters.values():
            self.encoder.setdefault(letter, len(self.encoder))
        self.decoder = {number: token for token, number in self.encoder.items()}
        self.byte_encoder, self.byte_decoder = letters, {c: b for b, c in letters.items()}
        self.longest = max(map(len, self.encoder))
        super().__init__(**kwargs)

    @property
    def vocab_size(self):
        return len(self.encoder)

    def get_vocab(self):
        return {**self.encoder, **self.added_tokens_encoder}

    def _tokenize(self, text, **kwargs):
        spelt = "".join(self.byte_encoder[b] for b in text.encode())
        at = 0
        while at < len(spelt):
            size = next(n for n in range(self.longest, 0, -1) if spelt[at : at + n] in self.encoder)
            yield spelt[at : at + size]
            at += size

    def tokenize(self, text, **kwargs):
        return [str(token) for token in super().tokenize(text, **kwargs)]

    def _convert_token_to_id(self, token):
        return self.encoder.get(token)

    def _convert_id_to_token(self, index):
        return self.decoder.get(index)

    def convert_tokens_to_string(self, tokens):
        spelt = bytearray(self.byte_decoder[c] for c in "".join(tokens) if c in self.byte_decoder)
        return spelt.decode("utf-8", errors="replace")

    def save_vocabulary(self, save_directory, filename_prefix=None):
        path = Path(save_directory) / "tiktoken.model"
        if Path(self.vocab_file).resolve() != path.resolve():
            path.write_text(Path(self.vocab_file).read_text(encoding="utf-8"), encoding="utf-8")
        return (str(path),)
