// Preloaded into the shim: the same program with its books left out, to see what they cost.
import { register } from 'node:module';

register('./no-books-resolver.mjs', import.meta.url);
