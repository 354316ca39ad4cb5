// Builds ELF images, right and wrong ones, for tests of parsers and loaders.
export { ByteWriter } from './byte-writer.ts';
export { buildElf, type ImageSpec, type SectionSpec, type SegmentSpec } from './image.ts';
export { buildSample, buildSymbols, LAYOUTS, type SymbolSpec } from './sample.ts';
