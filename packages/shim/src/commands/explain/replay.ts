import type { ConfigSnapshot, Lane } from '../../config/catalog.ts';
import { noQuotas } from '../../config/built-in.ts';
import { DEFAULT_FLAGS } from '../../config/feature-flags.ts';
