#!/usr/bin/env node
import { program } from './program.ts';

const shim = await program(process.argv[2]);
await shim.parseAsync();
