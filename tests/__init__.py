"""The tests: each promise of docs/promises.md, held by an oracle from outside, a property or an injected fault."""
