export { type PageOptions, PageTableBuilder } from './page-table-builder.ts';
