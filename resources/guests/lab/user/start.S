/* Where a program starts (a0 argc, a1 argv), and the system call itself. */
	.set	noreorder
	.section .text.start, "ax"
	.globl	_start
	.type	_start, @function
	.ent	_start
_start:
	move	$31, $0
	jal	main
	 nop
	move	$4, $2
	jal	exit
	 nop
	.end	_start
	.size	_start, . - _start

	.text
/* int system_call(a0, a1, a2, number) */
	.globl	system_call
	.type	system_call, @function
	.ent	system_call
system_call:
	move	$2, $7
	syscall
	jr	$31
	 nop
	.end	system_call
	.size	system_call, . - system_call
