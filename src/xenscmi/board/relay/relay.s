// The relay: the smallest agent, run in place of an operating system. It does on its channel what a line on the console
// says, and says what came of it, so that a program on the host can be the agent of a real EL3, or of a real Xen.
//
//     to the relay      r FUNC_ID PAGE BYTES       write the bytes to the page from offset 4 on, and call FUNC_ID
//                       s FUNC_ID A1 A2 A3         call FUNC_ID with arguments
//                       p ADDRESS COUNT            read memory
//                       w ADDRESS BYTES            write memory
//                       q                          power the machine off
//     from the relay    relay ready                once
//                       a X0 BYTES                 what the call returned, and the page from offset 4 to the message's end
//                       b X0 X1 X2 X3              what the call returned
//                       c BYTES                    what was read; nothing for what was written
//
// All numbers are hexadecimal, bytes without blanks. Runs at EL2 or EL1 with its MMU off, wherever it is loaded.
//
// Assemble:  aarch64-linux-gnu-as -o relay.o relay.s && aarch64-linux-gnu-objcopy -O binary -j .text relay.o relay.bin

        .equ    BOARD_UART,     0x09000000
        .equ    UART_FR,        0x18
        .equ    UART_FR_RXFE,   4                       // bit: nothing received
        .equ    UART_FR_TXFF,   5                       // bit: no room to send
        .equ    UART_LCR_H,     0x2c
        .equ    UART_CR,        0x30
        .equ    PAGE_STATUS,    0x04                    // what is written and read begins here
        .equ    PAGE_LENGTH,    0x14
        .equ    PAGE_HEADER,    0x18                    // what the length counts begins here
        .equ    PAGE_SIZE,      0x1000
        .equ    SYSTEM_OFF,     0x84000008

        .text
        b       start                                   // an arm64 image, as Linux describes it
        .long   0
        .quad   0                                       // text_offset
        .quad   0x10000                                 // image_size
        .quad   0xa                                     // little endian, 4 KiB pages, anywhere
        .quad   0, 0, 0
        .ascii  "ARM\x64"
        .long   0
uart:   .quad   BOARD_UART                              // the console's PL011: at 0x40, for the host to change

start:
        adr     x0, stack
        mov     sp, x0
        ldr     x20, uart
        ldr     x0, =BOARD_UART
        cmp     x20, x0
        b.ne    greet                                   // Xen's has no such registers
        mov     w0, #0x70                               // 8 bits, FIFOs
        str     w0, [x20, #UART_LCR_H]
        mov     w0, #0x301                              // send and receive
        str     w0, [x20, #UART_CR]
greet:  adr     x0, ready
1:      ldrb    w1, [x0], #1
        cbz     w1, next
        bl      put
        b       1b

next:   bl      get
        cmp     w0, #'r'
        b.eq    ring
        cmp     w0, #'s'
        b.eq    call
        cmp     w0, #'p'
        b.eq    peek
        cmp     w0, #'w'
        b.eq    poke
        cmp     w0, #'q'
        b.ne    next                                    // ends of lines, and what nobody understands
        ldr     x0, =SYSTEM_OFF
        smc     #0
        b       next

ring:   bl      get                                     // the blank
        bl      number
        mov     x21, x0                                 // function id
        bl      number
        mov     x22, x0                                 // page
        add     x23, x22, #PAGE_STATUS
        add     x24, x22, #PAGE_SIZE
        bl      bytes
        dsb     sy
        mov     x0, x21
        bl      clear
        smc     #0
        dsb     sy
        mov     w1, #'a'
        bl      put_number
        mov     w1, #' '
        bl      put
        ldr     w0, [x22, #PAGE_LENGTH]
        mov     w1, #(PAGE_SIZE - PAGE_HEADER)
        cmp     w0, w1
        csel    w0, w0, w1, lo
        add     x24, x22, #PAGE_HEADER
        add     x24, x24, x0
        add     x23, x22, #PAGE_STATUS
3:      cmp     x23, x24
        b.hs    4f
        ldrb    w0, [x23], #1
        bl      put_byte
        b       3b
4:      mov     w1, #'\n'
        bl      put
        b       next

call:   bl      get
        bl      number
        mov     x21, x0
        bl      number
        mov     x22, x0
        bl      number
        mov     x23, x0
        bl      number
        mov     x24, x0
        bl      clear
        mov     x0, x21
        mov     x1, x22
        mov     x2, x23
        mov     x3, x24
        smc     #0
        mov     x21, x1
        mov     x22, x2
        mov     x23, x3
        mov     w1, #'b'
        bl      put_number
        mov     x0, x21
        mov     w1, #' '
        bl      put_number
        mov     x0, x22
        mov     w1, #' '
        bl      put_number
        mov     x0, x23
        mov     w1, #' '
        bl      put_number
        b       4b

peek:   bl      get
        bl      number
        mov     x23, x0
        bl      number
        add     x24, x23, x0
        mov     w1, #'c'
        bl      put
        b       3b

poke:   bl      get
        bl      number
        mov     x23, x0
        add     x24, x0, #PAGE_SIZE
        bl      bytes
        dsb     sy
        mov     w1, #'c'
        bl      put
        b       4b

        // Write the bytes that come to x23 and up, below x24, until something is no digit.
bytes:  mov     x12, x30
1:      bl      digit
        tbnz    w0, #31, 2f
        lsl     w25, w0, #4
        bl      digit
        tbnz    w0, #31, 2f
        orr     w25, w25, w0
        cmp     x23, x24
        b.hs    1b
        strb    w25, [x23], #1
        b       1b
2:      ret     x12

        // Zero the arguments of a call, but for x0.
clear:  mov     x1, xzr
        mov     x2, xzr
        mov     x3, xzr
        mov     x4, xzr
        mov     x5, xzr
        mov     x6, xzr
        mov     x7, xzr
        ret

        // x0: the number on the console, up to the character after it.
number: mov     x19, x30
        mov     x26, xzr
1:      bl      digit
        tbnz    w0, #31, 2f
        orr     x26, x0, x26, lsl #4
        b       1b
2:      mov     x0, x26
        ret     x19

        // w0: the value of the next hexadecimal digit, or -1 for anything else.
digit:  mov     x18, x30
        bl      get
        sub     w1, w0, #'0'
        cmp     w1, #10
        b.lo    1f
        sub     w1, w0, #'a'
        cmp     w1, #6
        add     w1, w1, #10
        b.lo    1f
        mov     w1, #-1
1:      mov     w0, w1
        ret     x18

        // w1, then x0 as 16 digits.
put_number:
        mov     x17, x30
        mov     x16, x0
        bl      put
        mov     x15, #8
1:      lsr     x0, x16, #56
        lsl     x16, x16, #8
        bl      put_byte
        subs    x15, x15, #1
        b.ne    1b
        ret     x17

        // The low byte of w0 as two digits.
put_byte:
        mov     x14, x30
        adr     x13, digits
        ubfx    w1, w0, #4, #4
        ldrb    w1, [x13, x1]
        bl      put
        and     w1, w0, #0xf
        ldrb    w1, [x13, x1]
        bl      put
        ret     x14

        // w1: a character to send; w0: one received.
put:    ldr     w2, [x20, #UART_FR]
        tbnz    w2, #UART_FR_TXFF, put
        str     w1, [x20]
        ret
get:    ldr     w2, [x20, #UART_FR]
        tbnz    w2, #UART_FR_RXFE, get
        ldr     w0, [x20]
        and     w0, w0, #0xff
        ret

ready:  .asciz  "relay ready\n"
digits: .ascii  "0123456789abcdef"
        .balign 8
        .ltorg
        .balign 16
        .space  0x40
stack:
