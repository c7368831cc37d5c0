/* Access to user memory from system calls. Addresses are checked once here;
 * pages that are absent are faulted in by the copy itself. */
#include "kernel.h"

static int in_user_space(u32 address, u32 n)
{
    return address >= USER_MIN && address < USER_LIMIT && n <= USER_LIMIT - address;
}

int copy_in(void *dst, u32 src, u32 n)
{
    return in_user_space(src, n) && !copy_user_bytes(dst, (void *)src, n) ? 0 : -EFAULT;
}

int copy_out(u32 dst, const void *src, u32 n)
{
    return in_user_space(dst, n) && !copy_user_bytes((void *)dst, src, n) ? 0 : -EFAULT;
}

/* Length without the zero, or an error; too long is one as well. */
int copy_in_string(char *dst, u32 src, u32 size)
{
    for (u32 i = 0; i < size; i++) {
        if (copy_in(&dst[i], src + i, 1))
            return -EFAULT;
        if (!dst[i])
            return i;
    }
    return -EINVAL;
}
