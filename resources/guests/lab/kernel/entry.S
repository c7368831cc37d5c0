/*
 * Exceptions and interrupts: the code at the vectors, saving and restoring
 * the interrupted program, and the fast TLB refill. Vector offsets are those
 * of MIPS32 PRA with Cause.IV set: refill +0x000, general +0x180,
 * interrupt +0x200. trap_init() copies the stubs there.
 */
#include "cp0.h"
#include "layout.h"

	.set	noreorder
	.set	noat
	.text

/*
 * TLB refill. Walks the two-level page table of the running process, or the
 * kernel's for kseg2/3, and drops the pair of entries into a random TLB slot.
 * An absent table is a table of invalid entries, so there is no test here:
 * the retried access then takes the TLB invalid exception and C code decides.
 * It goes by BadVAddr and not Context, since a trap-and-emulate hypervisor
 * does not keep Context up to date.
 *
 * After rotating the address by 22, its low ten bits are the pgd index and
 * its top nine the index of the even/odd pair, so two registers are enough.
 */
	.globl	tlb_refill_handler
	.type	tlb_refill_handler, @function
	.ent	tlb_refill_handler
tlb_refill_handler:
	mfc0	$26, C0_BADVADDR
	lui	$27, %hi(current_pgd)
#ifdef LAB_KVM
	sll	$27, $26, 1			/* bit 30: above useg */
	bltz	$27, 1f
	 lui	$27, %hi(current_pgd)
#else
	bltz	$26, 1f
	 nop
#endif
	b	2f
	 lw	$27, %lo(current_pgd)($27)
1:	lui	$27, %hi(kernel_pgd)
	lw	$27, %lo(kernel_pgd)($27)
2:	rotr	$26, $26, 22
	ins	$27, $26, 2, 10			/* &pgd[va >> 22] */
	lw	$27, 0($27)
	srl	$26, $26, 23
	ins	$27, $26, 3, 9			/* &table[pair of va] */
	lw	$26, 0($27)
	lw	$27, 4($27)
	srl	$26, $26, 6
	mtc0	$26, C0_ENTRYLO0
	srl	$27, $27, 6
	mtc0	$27, C0_ENTRYLO1
	ehb
	tlbwr
	eret
	.globl	tlb_refill_end
tlb_refill_end:
	.end	tlb_refill_handler
	.size	tlb_refill_handler, . - tlb_refill_handler

/* What lies at the other two vectors: a jump to the real code. */
	.globl	vector_general, vector_interrupt, vector_end
vector_general:
	lui	$26, %hi(general_exception_entry)
	addiu	$26, $26, %lo(general_exception_entry)
	jr	$26
	 nop
vector_interrupt:
	lui	$26, %hi(interrupt_entry)
	addiu	$26, $26, %lo(interrupt_entry)
	jr	$26
	 nop
vector_end:

/* Names for the copies, so that addresses in them can be told. */
	.macro	VECTOR name, offset, size
	.globl	\name
	.type	\name, @function
	\name = KSEG0 + \offset
	.size	\name, \size
	.endm
	VECTOR	tlb_refill_vector, 0x000, tlb_refill_end - tlb_refill_handler
	VECTOR	general_exception_vector, 0x180, vector_interrupt - vector_general
	VECTOR	interrupt_vector, 0x200, vector_end - vector_interrupt

/*
 * Push the interrupted program. From user mode the stack is the process'
 * kernel stack; in the kernel it is the one already in use. Stacks are in
 * kseg0, so nothing here can miss the TLB.
 */
	.macro	SAVE_PROGRAM with_badvaddr
	mfc0	$26, C0_STATUS
	sll	$27, $26, 27			/* Status.UM to the sign bit */
	bgez	$27, 1f
	 move	$27, $29
	lui	$27, %hi(kernel_sp)
	lw	$27, %lo(kernel_sp)($27)
1:	addiu	$27, $27, -TF_SIZE
	sw	$29, TF_R(29)($27)
	move	$29, $27
	sw	$26, TF_STATUS($29)
	mfc0	$27, C0_EPC
	sw	$27, TF_EPC($29)
	mfc0	$27, C0_CAUSE
	sw	$27, TF_CAUSE($29)
	.if	\with_badvaddr
	mfc0	$27, C0_BADVADDR
	sw	$27, TF_BADVADDR($29)
	.endif
	sw	$1, TF_R(1)($29)
	sw	$2, TF_R(2)($29)
	sw	$3, TF_R(3)($29)
	sw	$4, TF_R(4)($29)
	sw	$5, TF_R(5)($29)
	sw	$6, TF_R(6)($29)
	sw	$7, TF_R(7)($29)
	sw	$8, TF_R(8)($29)
	sw	$9, TF_R(9)($29)
	sw	$10, TF_R(10)($29)
	sw	$11, TF_R(11)($29)
	sw	$12, TF_R(12)($29)
	sw	$13, TF_R(13)($29)
	sw	$14, TF_R(14)($29)
	sw	$15, TF_R(15)($29)
	sw	$16, TF_R(16)($29)
	sw	$17, TF_R(17)($29)
	sw	$18, TF_R(18)($29)
	sw	$19, TF_R(19)($29)
	sw	$20, TF_R(20)($29)
	sw	$21, TF_R(21)($29)
	sw	$22, TF_R(22)($29)
	sw	$23, TF_R(23)($29)
	sw	$24, TF_R(24)($29)
	sw	$25, TF_R(25)($29)
	sw	$28, TF_R(28)($29)
	sw	$30, TF_R(30)($29)
	sw	$31, TF_R(31)($29)
	mfhi	$8
	sw	$8, TF_HI($29)
	mflo	$9
	sw	$9, TF_LO($29)
	ins	$26, $0, 0, 5			/* kernel mode, EXL and IE off */
	mtc0	$26, C0_STATUS
	ehb
	.endm

	.globl	general_exception_entry
	.type	general_exception_entry, @function
	.ent	general_exception_entry
general_exception_entry:
	SAVE_PROGRAM 1
	jal	handle_exception
	 move	$4, $29
	b	resume_userspace
	 nop
	.end	general_exception_entry
	.size	general_exception_entry, . - general_exception_entry

	.globl	interrupt_entry
	.type	interrupt_entry, @function
	.ent	interrupt_entry
interrupt_entry:
	SAVE_PROGRAM 0
	jal	handle_interrupt
	 move	$4, $29
	/* fall through */
	.end	interrupt_entry
	.size	interrupt_entry, . - interrupt_entry

/*
 * Go back to what the frame at the stack pointer describes (mostly user
 * space; kernel code if that was interrupted). The saved Status has EXL set,
 * so from here to ERET no interrupt comes in between.
 */
	.globl	resume_userspace
	.type	resume_userspace, @function
	.ent	resume_userspace
resume_userspace:
	lw	$26, TF_STATUS($29)
	mtc0	$26, C0_STATUS
	ehb
	lw	$27, TF_EPC($29)
	mtc0	$27, C0_EPC
	lw	$8, TF_HI($29)
	mthi	$8
	lw	$9, TF_LO($29)
	mtlo	$9
	lw	$1, TF_R(1)($29)
	lw	$2, TF_R(2)($29)
	lw	$3, TF_R(3)($29)
	lw	$4, TF_R(4)($29)
	lw	$5, TF_R(5)($29)
	lw	$6, TF_R(6)($29)
	lw	$7, TF_R(7)($29)
	lw	$8, TF_R(8)($29)
	lw	$9, TF_R(9)($29)
	lw	$10, TF_R(10)($29)
	lw	$11, TF_R(11)($29)
	lw	$12, TF_R(12)($29)
	lw	$13, TF_R(13)($29)
	lw	$14, TF_R(14)($29)
	lw	$15, TF_R(15)($29)
	lw	$16, TF_R(16)($29)
	lw	$17, TF_R(17)($29)
	lw	$18, TF_R(18)($29)
	lw	$19, TF_R(19)($29)
	lw	$20, TF_R(20)($29)
	lw	$21, TF_R(21)($29)
	lw	$22, TF_R(22)($29)
	lw	$23, TF_R(23)($29)
	lw	$24, TF_R(24)($29)
	lw	$25, TF_R(25)($29)
	lw	$28, TF_R(28)($29)
	lw	$30, TF_R(30)($29)
	lw	$31, TF_R(31)($29)
	lw	$29, TF_R(29)($29)
	ehb
	eret
	.end	resume_userspace
	.size	resume_userspace, . - resume_userspace

/*
 * int copy_user_bytes(dst, src, n): 0, or -1 if the user's address was bad.
 * Page faults between copy_user_bytes and copy_user_end are the only ones
 * the kernel may take on user addresses; one that cannot be served continues
 * at copy_user_fault.
 */
	.globl	copy_user_bytes, copy_user_end, copy_user_fault
	.type	copy_user_bytes, @function
	.ent	copy_user_bytes
copy_user_bytes:
	or	$8, $4, $5
	or	$8, $8, $6
	andi	$8, $8, 3
	bnez	$8, 3f
	 addu	$9, $5, $6			/* end of source */
	b	2f
	 nop
1:	lw	$8, 0($5)
	addiu	$5, $5, 4
	sw	$8, 0($4)
	addiu	$4, $4, 4
2:	bne	$5, $9, 1b
	 nop
	jr	$31
	 move	$2, $0
4:	lb	$8, 0($5)
	addiu	$5, $5, 1
	sb	$8, 0($4)
	addiu	$4, $4, 1
3:	bne	$5, $9, 4b
	 nop
	jr	$31
	 move	$2, $0
copy_user_end:
copy_user_fault:
	jr	$31
	 li	$2, -1
	.end	copy_user_bytes
	.size	copy_user_bytes, . - copy_user_bytes
