/*
 * The console: a 16550 UART at ISA port 0x3f8, interrupt driven for input and
 * polled for output, and the line editing every reader gets: echo, backspace,
 * Ctrl-U, Ctrl-C for the foreground processes. CR, LF and CR LF end a line.
 */
#include "kernel.h"

#define UART 0x180003f8
enum { DATA, IER, FCR, LCR, MCR, LSR };
#define LSR_READY 0x01
#define LSR_EMPTY 0x20
#define FIFO_SIZE 16

static char line[256];          /* being edited */
static u32 line_length;
static char done[1024];         /* finished lines, a ring */
static u32 done_in, done_out;
static struct waitq readers;
static u32 room;                /* bytes the transmit FIFO surely takes */
static char last;

void tty_init(void)
{
    out8(UART + LCR, 0x03);             /* 8 bits, no parity */
    out8(UART + FCR, 0x07);             /* FIFOs on and empty */
    out8(UART + MCR, 0x0b);             /* OUT2 lets the interrupt out */
    out8(UART + IER, 0x01);             /* when data is there */
}

static void uart_put(char c)
{
    if (!room) {
        while (!(in8(UART + LSR) & LSR_EMPTY))
            ;
        room = FIFO_SIZE;
    }
    out8(UART + DATA, c);
    room--;
}

void tty_put(char c)
{
    if (c == '\n')
        uart_put('\r');
    uart_put(c);
}

static void put_string(const char *s)
{
    while (*s)
        tty_put(*s++);
}

static void finish_line(void)
{
    line[line_length++] = '\n';
    if (sizeof done - (done_in - done_out) >= line_length)
        for (u32 i = 0; i < line_length; i++)
            done[done_in++ % sizeof done] = line[i];
    line_length = 0;
    wake_all(&readers);
}

static void input(char c)
{
    char before = last;

    last = c;
    if (c == '\n' && before == '\r')
        return;
    if (c == '\r' || c == '\n') {
        put_string("\n");
        finish_line();
    } else if (c == 3) {
        put_string("^C\n");
        line_length = 0;
        if (foreground_group)
            proc_kill_group(foreground_group);
        else
            finish_line();
    } else if (c == 8 || c == 127) {
        if (line_length) {
            line_length--;
            put_string("\b \b");
        }
    } else if (c == 21) {
        while (line_length) {
            line_length--;
            put_string("\b \b");
        }
    } else if (c >= ' ' && c < 127 && line_length < sizeof line - 2) {
        line[line_length++] = c;
        tty_put(c);
    }
}

void tty_interrupt(void)
{
    while (in8(UART + LSR) & LSR_READY)
        input(in8(UART + DATA));
}

/* Up to one line. */
int tty_read(u32 address, u32 n)
{
    u32 i = 0;
    char c = 0;

    while (done_in == done_out) {
        if (current->killed)
            return -EINTR;
        sleep_on(&readers);
    }
    while (i < n && done_in != done_out && c != '\n') {
        c = done[done_out % sizeof done];
        if (copy_out(address + i, &c, 1))
            return -EFAULT;
        done_out++;
        i++;
    }
    return i;
}

int tty_write(u32 address, u32 n)
{
    char chunk[128];

    for (u32 at = 0; at < n;) {
        u32 part = n - at < sizeof chunk ? n - at : sizeof chunk;
        if (copy_in(chunk, address + at, part))
            return -EFAULT;
        for (u32 i = 0; i < part; i++)
            tty_put(chunk[i]);
        at += part;
        irq_window();
        if (current->killed)
            return -EINTR;
    }
    return n;
}
