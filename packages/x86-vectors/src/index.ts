export { type BaseOptions, type CodeSize, codeBaseOf, dataPattern, putBaseState } from './base-state.ts';
export type {
  MemoryPiece,
  RecordedProcessor,
  UndefinedParts,
  VectorCase,
  VectorException,
  VectorGroup,
  VectorHeader,
  VectorRow,
} from './case.ts';
export {
  CODE_PAGES,
  CODE_SIZE_BYTES,
  DATA_ALIAS,
  DATA_PAGES,
  DATA_SIZE_BYTES,
  DATA_WRITABLE_SIZE_BYTES,
  GLOBAL_DESCRIPTORS,
  LOCAL_DESCRIPTORS,
  type LocalDescriptor,
  localSelector,
  SLOT_COUNT,
  SLOT_PAGE,
  SLOT_SIZE_BYTES,
  USER_CODE_32,
  USER_CODE_64,
  USER_DATA,
  USER_GATES,
} from './environment.ts';
export { type VectorErrorCode, VectorFileError } from './error.ts';
export { Random, seedOfCase } from './random.ts';
export { VectorFile } from './reader.ts';
export { FIELDS, type Field, STATE, STATE_SIZE_BYTES } from './state.ts';
export { type Lanes, putExtended, putInteger, putVector } from './values.ts';
export { VectorWriter } from './writer.ts';
