/*
 * Program loading. There is one program file, an ELF image inside the kernel;
 * argv[0] tells it what to be. Its pages are not copied: text is mapped
 * read-only where it lies in the kernel image, data copy-on-write, the rest
 * is zero pages on demand.
 */
#include "kernel.h"

struct elf_header {
    u8 ident[16];
    u16 type, machine;
    u32 version, entry, phoff, shoff, flags;
    u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct elf_segment {
    u32 type, offset, vaddr, paddr, filesz, memsz, flags, align;
};
#define PT_LOAD 1
#define PF_W 2

extern const u8 user_image[] __attribute__((aligned(PAGE_SIZE))), user_image_end[];

static int load_segment(struct mm *mm, const struct elf_segment *s)
{
    struct area *area = &mm->area[s->flags & PF_W ? AREA_DATA : AREA_TEXT];
    u32 end = (s->vaddr + s->memsz + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1u);

    if ((s->vaddr | s->offset) & (PAGE_SIZE - 1) || s->offset + s->filesz > (u32)(user_image_end - user_image))
        return -EINVAL;
    *area = (struct area){ s->vaddr, end, (s->flags & PF_W) != 0 };
    for (u32 at = 0; at < s->filesz; at += PAGE_SIZE)
        if (mm_map(mm, s->vaddr + at, PA(user_image) + s->offset + at, 0))
            return -ENOMEM;
    if (mm->area[AREA_HEAP].start < end)
        mm->area[AREA_HEAP] = (struct area){ end, end, 1 };
    return 0;
}

/* Strings at the very top of the stack, argv[] below them. */
static int build_stack(struct mm *mm, const char *args, u32 argc, u32 bytes, struct trapframe *tf)
{
    u8 *page = page_alloc_zeroed();
    u32 strings = (PAGE_SIZE - bytes) & ~7u, argv = (strings - (argc + 1) * 4) & ~7u;

    if (!page)
        return -ENOMEM;
    if (mm_map(mm, STACK_TOP - PAGE_SIZE, PA(page), PTE_D)) {
        page_put(PA(page));
        return -ENOMEM;
    }
    memcpy(page + strings, args, bytes);
    for (u32 i = 0, at = strings; i < argc; i++) {
        ((u32 *)(page + argv))[i] = STACK_TOP - PAGE_SIZE + at;
        at += strlen((char *)page + at) + 1;
    }
    mm->area[AREA_STACK] = (struct area){ STACK_TOP - STACK_SIZE, STACK_TOP, 1 };
    tf->r[R_A0] = argc;
    tf->r[R_A1] = STACK_TOP - PAGE_SIZE + argv;
    tf->r[R_SP] = STACK_TOP - PAGE_SIZE + argv - 32;
    return 0;
}

/* Give p a new address space; args holds argc strings, zeros included. */
int exec_program(struct proc *p, const char *args, u32 argc, u32 bytes, struct trapframe *tf)
{
    const struct elf_header *elf = (const struct elf_header *)user_image;
    const struct elf_segment *s = (const struct elf_segment *)(user_image + elf->phoff);
    struct mm *mm = mm_create(), *old = p->mm;
    struct trapframe fresh = { .epc = elf->entry,
                               .status = ST_IM7 | ST_IM2 | ST_UM | ST_EXL | ST_IE };
    int error = mm ? 0 : -ENOMEM;

    for (u32 i = 0; !error && i < elf->phnum; i++)
        if (s[i].type == PT_LOAD)
            error = load_segment(mm, &s[i]);
    if (!error)
        error = build_stack(mm, args, argc, bytes, &fresh);
    if (error) {
        if (mm)
            mm_destroy(mm);
        return error;
    }
    *tf = fresh;
    strncpy0(p->name, args, NAME_MAX);
    p->mm = mm;
    if (p == current)
        switch_mm(mm);
    if (old)
        mm_destroy(old);
    return 0;
}

/* The exec system call: collect the arguments while the old space exists. */
int exec_arguments(u32 argv, struct trapframe *tf)
{
    char args[ARG_BYTES];
    u32 argc = 0, bytes = 0, pointer;

    for (;; argc++, argv += 4) {
        int n;
        if (copy_in(&pointer, argv, 4))
            return -EFAULT;
        if (!pointer)
            break;
        if (argc == ARG_MAX)
            return -EINVAL;
        n = copy_in_string(args + bytes, pointer, ARG_BYTES - bytes);
        if (n < 0)
            return n;
        bytes += n + 1;
    }
    return argc ? exec_program(current, args, argc, bytes, tf) : -EINVAL;
}
