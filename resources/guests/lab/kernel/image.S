/* The user program, an ELF file. Page aligned, as its read-only pages and
 * the originals of its data pages are mapped straight from here. */
	.section .rodata.image, "a"
	.align	12
	.globl	user_image, user_image_end
user_image:
	.incbin	"user.elf"
	.align	12
user_image_end:
