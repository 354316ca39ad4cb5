//! Chapter 6: a descriptor table with a task state segment, for the stack that double faults are handled on.

use lazy_static::lazy_static;
use x86_64::VirtAddr;
use x86_64::instructions::{segmentation::CS, segmentation::Segment, tables::load_tss};
use x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable, SegmentSelector};
use x86_64::structures::tss::TaskStateSegment;

/// Index of the double fault handler's stack in the interrupt stack table.
pub const DOUBLE_FAULT_STACK: u16 = 0;
const STACK_SIZE: usize = 5 * 4096;

#[repr(align(16))]
struct Stack(#[expect(dead_code, reason = "used by its address")] [u8; STACK_SIZE]);

/// Only the processor uses it, and by its address: from the top down, without a guard page.
static mut STACK: Stack = Stack([0; STACK_SIZE]);

struct Selectors {
    code: SegmentSelector,
    task_state: SegmentSelector,
}

lazy_static! {
    static ref TASK_STATE: TaskStateSegment = {
        let mut task_state = TaskStateSegment::new();
        let bottom = VirtAddr::from_ptr(&raw const STACK);
        task_state.interrupt_stack_table[DOUBLE_FAULT_STACK as usize] = bottom + STACK_SIZE as u64;
        task_state
    };
    static ref TABLE: (GlobalDescriptorTable, Selectors) = {
        let mut table = GlobalDescriptorTable::new();
        let code = table.append(Descriptor::kernel_code_segment());
        let task_state = table.append(Descriptor::tss_segment(&TASK_STATE));
        (table, Selectors { code, task_state })
    };
}

/// Has the processor use the table, its code segment and its task state segment.
pub fn load() {
    let (table, selectors) = &*TABLE;
    table.load();
    // SAFETY: both selectors are of the table that has just been loaded.
    unsafe {
        CS::set_reg(selectors.code);
        load_tss(selectors.task_state);
    }
}
