/* Programs with many branches that depend on data. */
#include "bench.h"
#include "programs.h"

/* A byte-code interpreter with a jump table; the byte code runs 3n + 1 sequences and counts primes. */
enum { PUSH, LOAD, STORE, ADD, SUB, MUL, SHR, AND, LESS, MOD, JZ, JMP, DUP, SWAP, OUT, END, LABEL };

static NOINLINE u32 interpret(const u8 *code, u32 argument)
{
    u32 variable[8] = { argument }, stack[16], *top = stack, sum = 0;
    const u8 *pc = code;

    for (;;) {
        switch (*pc++) {
        case PUSH:
            *top++ = *pc++;
            break;
        case LOAD:
            *top++ = variable[*pc++];
            break;
        case STORE:
            variable[*pc++] = *--top;
            break;
        case ADD:
            top--;
            top[-1] += *top;
            break;
        case SUB:
            top--;
            top[-1] -= *top;
            break;
        case MUL:
            top--;
            top[-1] *= *top;
            break;
        case SHR:
            top--;
            top[-1] >>= *top;
            break;
        case AND:
            top--;
            top[-1] &= *top;
            break;
        case LESS:
            top--;
            top[-1] = top[-1] < *top;
            break;
        case MOD:
            top--;
            top[-1] %= *top;
            break;
        case JZ:
            pc = *--top ? pc + 1 : code + *pc;
            break;
        case JMP:
            pc = code + *pc;
            break;
        case DUP:
            *top = top[-1];
            top++;
            break;
        case SWAP: {
            u32 t = top[-1];
            top[-1] = top[-2];
            top[-2] = t;
            break;
        }
        case OUT:
            sum = sum * 37 + *--top;
            break;
        default:
            return sum;
        }
    }
}

/* Copies byte code, its jumps' labels replaced by places. */
static void assemble(u8 *code, const u8 *source)
{
    u8 labels[8];

    for (u32 turn = 0; turn < 2; turn++) {
        u32 length = 0, ended = 0;

        for (const u8 *s = source; !ended;) {
            u8 operation = *s++;
            if (operation == LABEL) {
                labels[*s++] = length;
                continue;
            }
            code[length++] = operation;
            ended = operation == END;
            if (operation == JZ || operation == JMP)
                code[length++] = labels[*s++ & 7];
            else if (operation == PUSH || operation == LOAD || operation == STORE)
                code[length++] = *s++;
        }
    }
}

/* while (n) { for (x = n, steps = 0; x != 1; steps++) x = x & 1 ? 3 * x + 1 : x >> 1; out(steps); n--; } */
static const u8 collatz[] = {
    LABEL, 0, LOAD, 0, JZ, 1,
    LOAD, 0, STORE, 1, PUSH, 0, STORE, 2,
    LABEL, 2, LOAD, 1, PUSH, 1, SUB, JZ, 3,
    LOAD, 2, PUSH, 1, ADD, STORE, 2,
    LOAD, 1, DUP, PUSH, 1, AND, JZ, 4,
    PUSH, 3, MUL, PUSH, 1, ADD, STORE, 1, JMP, 2,
    LABEL, 4, PUSH, 1, SHR, STORE, 1, JMP, 2,
    LABEL, 3, LOAD, 2, OUT, LOAD, 0, PUSH, 1, SUB, STORE, 0, JMP, 0,
    LABEL, 1, END,
};

/* for (i = 2; i < n; i++) { for (d = 2; d * d <= i; d++) if (i % d == 0) goto next; out(i); next:; } */
static const u8 primes[] = {
    PUSH, 2, STORE, 1,
    LABEL, 0, LOAD, 1, LOAD, 0, LESS, JZ, 1,
    PUSH, 2, STORE, 2,
    LABEL, 2, LOAD, 2, DUP, MUL, LOAD, 1, SWAP, LESS, JZ, 3,
    LOAD, 1, OUT, JMP, 4,
    LABEL, 3, LOAD, 1, LOAD, 2, MOD, JZ, 4,
    LOAD, 2, PUSH, 1, ADD, STORE, 2, JMP, 2,
    LABEL, 4, LOAD, 1, PUSH, 1, ADD, STORE, 1, JMP, 0,
    LABEL, 1, END,
};

u32 run_interpreter(u32 passes)
{
    static u8 code[2][96];
    u32 sum = 0;

    assemble(code[0], collatz);
    assemble(code[1], primes);
    for (u32 n = 0; n < passes; n++) {
        sum = mix(sum, interpret(code[0], 60 + (n & 7)));
        sum = mix(sum, interpret(code[1], 500 + (n & 15)));
    }
    return sum;
}

/*
 * Text made at random: assignments of expressions to names. A lexer with
 * symbols found by their text, and a parser by recursive descent that
 * evaluates as it goes.
 */
static const char *at;
static struct {
    char name[8];
    u32 value;
} symbols[32];
static u32 symbol_count;
static u32 expression(void);

static void skip_blanks(void)
{
    while (*at == ' ' || *at == '\n' || *at == '\t')
        at++;
}

static u32 is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static u32 is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static u32 symbol(void)
{
    char name[8];
    u32 length = 0, i;

    while (is_letter(*at) || is_digit(*at)) {
        if (length < 7)
            name[length++] = *at;
        at++;
    }
    name[length] = 0;
    for (i = 0; i < symbol_count; i++)
        if (!strcmp(symbols[i].name, name))
            return i;
    if (symbol_count == LENGTH(symbols))
        return 0;
    memcpy(symbols[i].name, name, length + 1);
    symbols[i].value = 0;
    symbol_count++;
    return i;
}

static u32 primary(void)
{
    u32 value = 0;

    skip_blanks();
    if (is_digit(*at)) {
        if (at[0] == '0' && at[1] == 'x') {
            for (at += 2;; at++)
                if (is_digit(*at))
                    value = value << 4 | (*at - '0');
                else if (*at >= 'a' && *at <= 'f')
                    value = value << 4 | (*at - 'a' + 10);
                else
                    return value;
        }
        for (; is_digit(*at); at++)
            value = value * 10 + (*at - '0');
        return value;
    }
    if (is_letter(*at))
        return symbols[symbol()].value;
    if (*at == '(') {
        at++;
        value = expression();
        skip_blanks();
        if (*at == ')')
            at++;
        return value;
    }
    if (*at == '-' || *at == '~') {
        char sign = *at++;
        value = primary();
        return sign == '-' ? -value : ~value;
    }
    at += *at != 0;
    return 0;
}

static u32 term(void)
{
    u32 value = primary();

    for (;;) {
        skip_blanks();
        if (*at == '*') {
            at++;
            value *= primary();
        } else if (*at == '/') {
            u32 by;
            at++;
            by = primary();
            value = by ? value / by : value;
        } else
            return value;
    }
}

static u32 expression(void)
{
    u32 value = term();

    for (;;) {
        skip_blanks();
        switch (*at) {
        case '+':
            at++;
            value += term();
            break;
        case '-':
            at++;
            value -= term();
            break;
        case '&':
            at++;
            value &= term();
            break;
        case '^':
            at++;
            value ^= term();
            break;
        default:
            return value;
        }
    }
}

static char *put_random(char *to, u32 *seed, u32 depth)
{
    static const char *const names[] = { "x", "y", "page", "entry", "offset", "limit", "asid", "guest0" };
    u32 choice = random_next(seed) >> 29;

    if (choice < 3) {
        const char *name = names[random_next(seed) >> 29];
        u32 length = strlen(name);
        memcpy(to, name, length);
        return to + length;
    }
    if (choice == 3 && depth) {
        *to++ = '(';
        to = put_random(to, seed, depth - 1);
        *to++ = " +-*/&^+"[random_next(seed) >> 29];
        *to++ = ' ';
        to = put_random(to, seed, depth - 1);
        *to++ = ')';
        return to;
    }
    if (choice == 4) {
        *to++ = '0';
        *to++ = 'x';
        for (u32 i = random_next(seed) >> 30; i < 5; i++)
            *to++ = "0123456789abcdef"[random_next(seed) >> 28];
        return to;
    }
    if (choice == 5)
        *to++ = '~';
    for (u32 i = random_next(seed) >> 30; i < 4; i++)
        *to++ = '0' + (random_next(seed) >> 29);
    return to;
}

u32 run_parser(u32 passes)
{
    char *text = (char *)arena, *end = text;
    u32 seed = 8, sum = 0;

    for (u32 line = 0; line < 400; line++) {
        end = put_random(end, &seed, 0);
        *end++ = ' ';
        *end++ = '=';
        for (u32 i = 0; i < 4; i++) {
            *end++ = ' ';
            end = put_random(end, &seed, 3);
            if (i < 3)
                *end++ = "+-*&^/+*"[random_next(&seed) >> 29];
        }
        *end++ = ';';
        *end++ = '\n';
    }
    *end = 0;
    for (u32 n = 0; n < passes * 4; n++) {
        symbol_count = 0;
        for (at = text; *at;) {
            u32 to = LENGTH(symbols), value;
            skip_blanks();
            if (is_letter(*at))
                to = symbol();
            while (*at && *at != '=' && *at != ';')
                at++;
            at += *at == '=';
            value = expression();
            if (to < LENGTH(symbols))
                symbols[to].value = value + n;
            sum = mix(sum, value);
            while (*at && *at != '\n')
                at++;
            at += *at != 0;
        }
    }
    return sum;
}

/*
 * The mix of statements that programs of the 1980s were found to have:
 * assignments of records, comparisons of strings, small procedures with
 * parameters passed every way, enumerations, short loops.
 */
enum colour { RED, GREEN, BLUE, WHITE, BLACK };
struct item {
    struct item *link;
    enum colour colour;
    u32 number, count;
    char name[32];
};
static struct item items[2];
static u32 global_number, grid[40][40];
static char global_letter;

static NOINLINE enum colour next_colour(enum colour from, u32 *seen)
{
    enum colour to = from;

    switch (from) {
    case RED:
        to = *seen > 100 ? GREEN : WHITE;
        break;
    case GREEN:
        to = BLUE;
        break;
    case BLUE:
        to = RED;
        break;
    case WHITE:
        to = *seen & 1 ? RED : BLACK;
        break;
    case BLACK:
        to = GREEN;
        break;
    }
    ++*seen;
    return to;
}

static NOINLINE u32 same_letters(const char *a, const char *b, u32 place)
{
    u32 found = 0;

    while (place <= 4) {
        if (a[place] == b[place + 1]) {
            global_letter = a[place];
            found++;
        }
        place++;
    }
    if (found >= 2)
        return 1;
    return strcmp(a, b) > 0;
}

static NOINLINE void add_numbers(u32 a, u32 b, u32 *to)
{
    *to = a + 2 + b;
}

static NOINLINE void change_item(struct item *item)
{
    struct item *next = item->link;

    *next = *item;
    item->number = 5;
    next->number = item->number;
    next->link = item->link;
    if (next->colour == RED) {
        next->number = 6;
        next->colour = next_colour(item->colour, &next->count);
        add_numbers(next->number, 10, &next->number);
    } else
        *item = *next;
}

static NOINLINE void fill_grid(u32 at, u32 value)
{
    u32 place = at + 5;

    grid[place][place + 1] = value;
    for (u32 i = place; i <= place + 1; i++)
        grid[place][i] = place + value;
    grid[place][place - 1]++;
    grid[place + 20 > 39 ? 39 : place + 20][place] = grid[place][place];
    global_number = 5 + value;
}

u32 run_records(u32 passes)
{
    u32 sum = 0, a, b, c;
    char first[32], second[32];

    memset(grid, 0, sizeof grid);
    items[0] = (struct item){ &items[1], RED, 40, 0, "a program of records, the first" };
    items[1] = (struct item){ &items[0], WHITE, 0, 0, "" };
    memcpy(first, items[0].name, 32);
    for (u32 n = 0; n < passes * 4000; n++) {
        a = 2;
        b = 3;
        memcpy(second, "a program of records, the other", 32);
        items[0].colour = next_colour(items[n & 1].colour, &items[0].count);
        global_number += same_letters(first, second, n & 3);
        while (a < b) {
            c = 5 * a - b;
            add_numbers(a, b, &c);
            a++;
            sum += c;
        }
        fill_grid(n % 30, c + n);
        change_item(&items[0]);
        for (char letter = 'A'; letter <= 'B' + (char)(n & 3); letter++)
            if (global_letter != letter)
                b = b * 3 + letter;
        c = b * a;
        b = c / (a + (n & 7));
        sum = mix(sum, 7 * (c - b) - a + global_number + items[1].number);
    }
    return sum ^ grid[7][8] ^ items[0].colour;
}
