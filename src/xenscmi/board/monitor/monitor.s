// The EL3 monitor of the virtual board: PSCI and SMCCC for an operating system or a hypervisor on qemu's `virt` machine
// (secure=on, gic-version=3), and a doorbell that rings the SCMI platform, a process outside, for every SiP or OEM call.
//
// Rules:
// 1. Runs from secure flash at 0; keeps its few words in secure SRAM; never reads what the normal world may write, but
//    for the boot record, once, before that world runs.
// 2. An SMC changes x0-x3 alone (SMCCC 1.2).
// 3. A wait has an end: a doorbell that nobody answers returns NOT_SUPPORTED after DOORBELL_SECONDS.
// 4. Outside of a doorbell, no secure interrupt is enabled: the normal world never sees one.
//
// Doorbell, over the secure UART, one exchange at a time:
//     monitor to platform   0xA0 + cpu, number, function id (4 bytes, little endian)
//     platform to monitor   number, result (a signed byte, which becomes x0)
//     monitor to platform   0xE0 + cpu, ESR_EL3 (4 bytes), ELR_EL3 (8 bytes): a fault; the board then powers off
// An answer whose number is not the ring's is late, and dropped.
//
// Assemble:  aarch64-linux-gnu-as -o monitor.o monitor.s && aarch64-linux-gnu-objcopy -O binary -j .text monitor.o monitor.bin

        // qemu's virt machine
        .equ    GICD,                   0x08000000
        .equ    GICD_CTLR,              0x0000
        .equ    GICD_TYPER,             0x0004
        .equ    GICD_IGROUPR,           0x0080
        .equ    GICD_ISENABLER,         0x0100
        .equ    GICD_ICENABLER,         0x0180
        .equ    GICD_IROUTER,           0x6000
        .equ    GICR,                   0x080a0000      // 0x20000 for each CPU
        .equ    GICR_WAKER,             0x0014
        .equ    GICR_IGROUPR0,          0x10080         // in the CPU's second frame
        .equ    GICR_ISENABLER0,        0x10100
        .equ    GICR_ICENABLER0,        0x10180
        .equ    UART,                   0x09040000      // the secure PL011
        .equ    UART_FR,                0x18
        .equ    UART_FR_RXFE,           4               // bit: nothing received
        .equ    UART_FR_TXFF,           5               // bit: no room to send
        .equ    UART_LCR_H,             0x2c
        .equ    UART_CR,                0x30
        .equ    UART_IMSC,              0x38
        .equ    GPIO,                   0x090b0000      // the secure PL061
        .equ    GPIO_DIR,               0x400
        .equ    SRAM,                   0x0e000000
        .equ    BOOT_RECORD,            0x4efff000      // entry (8 bytes), device tree (8 bytes)

        .equ    PIN_RESET,              0
        .equ    PIN_POWER_OFF,          1
        .equ    WAKE_SGI,               15              // wakes a CPU for CPU_ON
        .equ    TIMER_PPI,              29              // the secure physical timer: ends a wait
        .equ    UART_INTID,             40              // SPI 8
        .equ    DOORBELL_SECONDS,       5
        .equ    MAX_CPUS,               8
        .equ    SECURE_ONLY,            0x80            // a priority mask that the normal world's interrupts do not pass

        // In SRAM
        .equ    LOCK,                   0x00            // 0: nobody is in a doorbell
        .equ    NUMBER,                 0x04            // of the last ring
        .equ    GIC_READY,              0x08
        .equ    CPUS,                   0x100           // 0x20 for each CPU:
        .equ    CPU_SIZE_LOG2,          5
        .equ    CPU_STATE,              0x00            //   as below
        .equ    CPU_ENTRY,              0x08            //   where CPU_ON wants it to start
        .equ    CPU_CONTEXT,            0x10            //   and with what in x0
        .equ    STACKS,                 0x1000          // 0x200 for each CPU
        .equ    STACK_SIZE_LOG2,        9

        .equ    ABSENT,                 0
        .equ    OFF,                    1
        .equ    ON_PENDING,             2
        .equ    ON,                     3

        // SMC function ids
        .equ    SMCCC_VERSION,          0x80000000
        .equ    SMCCC_ARCH_FEATURES,    0x80000001
        .equ    PSCI_VERSION,           0x84000000
        .equ    PSCI_CPU_SUSPEND,       0x84000001
        .equ    PSCI_CPU_OFF,           0x84000002
        .equ    PSCI_CPU_ON,            0x84000003
        .equ    PSCI_AFFINITY_INFO,     0x84000004
        .equ    PSCI_MIGRATE_INFO_TYPE, 0x84000006
        .equ    PSCI_SYSTEM_OFF,        0x84000008
        .equ    PSCI_SYSTEM_RESET,      0x84000009
        .equ    PSCI_FEATURES,          0x8400000a
        .equ    SMC64,                  0x40000000

        .equ    SMCCC_1_2,              0x10002
        .equ    PSCI_1_1,               0x10001
        .equ    NOT_SUPPORTED,          -1              // SMCCC's and PSCI's
        .equ    INVALID_PARAMETERS,     -2
        .equ    ALREADY_ON,             -4
        .equ    ON_IS_PENDING,          -5
        .equ    NO_MIGRATION,           2

        // SCR_EL3: NS | RES1 | HCE | RW | APK | API | EnSCXT | ATA | FGTEn | ECVEn; the last six where a CPU has them
        .equ    SCR_SECURE,             0x00000430
        .equ    SCR_NORMAL,             0x1e030531
        .equ    SPSR_EL2H,              0x3c9           // D, A, I and F masked
        .equ    SPSR_EL1H,              0x3c5

        .text
reset:
        b       start

        // Leave an SMC with a result in x0.
        .macro  result value
        mov     x0, #\value
        b       leave
        .endm

        // Branch if the function id (w0) is one; \register is overwritten.
        .macro  on function, target
        ldr     w9, =\function
        cmp     w0, w9
        b.eq    \target
        .endm

        // The address of CPU number \index's words in SRAM, by way of \address.
        .macro  words address, index
        add     \address, x10, #CPUS
        add     \address, \address, \index, lsl #CPU_SIZE_LOG2
        .endm

// ---- Vectors: from EL3 itself nothing is expected; from below, SMC alone.

        .balign 0x800
vectors:
        .rept   8                                       // from EL3, with SP_EL0 and with SP_EL3
        b       fault
        .balign 0x80
        .endr
        b       lower_synchronous                       // from below, in AArch64
        .balign 0x80
        .rept   7                                       // interrupts of it; everything from AArch32
        b       fault
        .balign 0x80
        .endr

// ---- Reset: every CPU begins here at once.

start:
        adr     x0, vectors
        msr     vbar_el3, x0
        ldr     x0, =0x30c50830                         // RES1 bits: MMU, caches and alignment checks off
        msr     sctlr_el3, x0
        mov     x0, #SCR_SECURE
        msr     scr_el3, x0
        mov     x0, #0x1100                             // ESM, EZ: neither SME nor SVE traps; all else is 0
        msr     cptr_el3, x0
        mrs     x0, id_aa64pfr0_el1
        tst     x0, #0xf00000000                        // SVE
        b.eq    1f
        mov     x0, #0xf
        msr     S3_6_C1_C2_0, x0                        // ZCR_EL3: vectors as long as they come
1:      msr     mdcr_el3, xzr
        isb

        mrs     x19, mpidr_el1
        and     x19, x19, #0xff                         // CPU number, from here to the normal world
        cmp     x19, #MAX_CPUS
        b.hs    sleep_for_ever
        ldr     x10, =SRAM
        add     x0, x10, #STACKS
        add     x1, x19, #1
        add     x0, x0, x1, lsl #STACK_SIZE_LOG2
        mov     sp, x0

        // The CPU's own part of the GIC, by system registers in both worlds.
        mov     x0, #0xf
        msr     icc_sre_el3, x0
        isb
        msr     icc_sre_el1, x0                         // the secure one
        ldr     x1, =SCR_NORMAL
        msr     scr_el3, x1
        isb
        msr     icc_sre_el2, x0
        isb
        msr     icc_sre_el1, x0                         // the normal world's
        isb
        ldr     x1, =GICR
        add     x1, x1, x19, lsl #17
        ldr     w0, [x1, #GICR_WAKER]
        and     w0, w0, #~2                             // ProcessorSleep
        str     w0, [x1, #GICR_WAKER]
1:      ldr     w0, [x1, #GICR_WAKER]
        tbnz    w0, #2, 1b                              // ChildrenAsleep
        add     x2, x1, #0x10000
        ldr     w0, =~(1 << WAKE_SGI | 1 << TIMER_PPI)
        str     w0, [x2, #(GICR_IGROUPR0 - 0x10000)]
        mov     w0, #(1 << WAKE_SGI)
        str     w0, [x2, #(GICR_ISENABLER0 - 0x10000)]
        mov     x0, #1
        msr     icc_igrpen0_el1, x0
        isb

        words   x20, x19
        cbnz    x19, secondary

        // The first CPU: the GIC's distributor, the UART, then the normal world.
        ldr     x1, =GICD
        mov     w0, #0x30                               // ARE_S, ARE_NS
        str     w0, [x1, #GICD_CTLR]
        ldr     w2, [x1, #GICD_TYPER]
        and     w2, w2, #0x1f                           // registers of 32 SPIs
        add     x3, x1, #GICD_IGROUPR
        mov     w0, #-1
1:      cbz     w2, 2f
        str     w0, [x3, x2, lsl #2]
        sub     w2, w2, #1
        b       1b
2:      ldr     w0, =~(1 << (UART_INTID - 32))
        str     w0, [x3, #4]
        mov     w0, #0x31                               // group 0 too
        str     w0, [x1, #GICD_CTLR]
        ldr     x1, =UART
        mov     w0, #0x70                               // 8 bits, FIFOs
        str     w0, [x1, #UART_LCR_H]
        mov     w0, #0x301                              // send and receive
        str     w0, [x1, #UART_CR]
        mov     w0, #ON
        str     w0, [x20, #CPU_STATE]
        dsb     sy
        mov     w0, #1
        str     w0, [x10, #GIC_READY]
        ldr     x0, =BOOT_RECORD
        ldp     x1, x0, [x0]                            // where to begin; the device tree
        b       enter_normal_world

        // The others sleep until CPU_ON.
secondary:
        ldr     w0, [x10, #GIC_READY]
        cbz     w0, secondary
        mov     w0, #OFF
        str     w0, [x20, #CPU_STATE]
pen:
        mov     x0, #SECURE_ONLY
        msr     icc_pmr_el1, x0
1:      dsb     sy
        ldr     w0, [x20, #CPU_STATE]
        cmp     w0, #ON_PENDING
        b.eq    2f
        wfi
        mrs     x0, icc_iar0_el1
        cmp     x0, #1020                               // 1020 and up: nothing there
        b.hs    1b
        msr     icc_eoir0_el1, x0
        b       1b
2:      ldr     x1, [x20, #CPU_ENTRY]
        ldr     x0, [x20, #CPU_CONTEXT]
        mov     w2, #ON
        str     w2, [x20, #CPU_STATE]
        dsb     sy

        // x0: the argument; x1: where to begin. In EL2 where there is one.
enter_normal_world:
        mov     x2, #0xff
        msr     icc_pmr_el1, x2
        mov     x3, #SPSR_EL1H
        mrs     x2, id_aa64pfr0_el1
        ubfx    x2, x2, #8, #4
        cbz     x2, 1f
        mov     x3, #SPSR_EL2H
1:      ldr     x2, =0x30c50830
        msr     sctlr_el2, x2
        ldr     x2, =0x30d00800
        msr     sctlr_el1, x2
        mov     x2, #0x80000000                         // RW: EL1 is AArch64
        msr     hcr_el2, x2
        mov     x2, #0x33ff                             // RES1: nothing traps to EL2
        msr     cptr_el2, x2
        mov     x2, #3                                  // EL1 may use the physical counter and timer
        msr     cnthctl_el2, x2
        msr     cntvoff_el2, xzr
        mrs     x2, midr_el1
        msr     vpidr_el2, x2
        mrs     x2, mpidr_el1
        msr     vmpidr_el2, x2
        msr     elr_el3, x1
        msr     spsr_el3, x3
        mov     x1, xzr
        mov     x2, xzr
        mov     x3, xzr
        isb
        eret

sleep_for_ever:
        wfi
        b       sleep_for_ever

// ---- SMC

lower_synchronous:
        sub     sp, sp, #0xa0
        stp     x4, x5, [sp, #0x00]
        stp     x6, x7, [sp, #0x10]
        stp     x8, x9, [sp, #0x20]
        stp     x10, x11, [sp, #0x30]
        stp     x12, x13, [sp, #0x40]
        stp     x14, x15, [sp, #0x50]
        stp     x19, x20, [sp, #0x60]
        stp     x29, x30, [sp, #0x70]
        mrs     x4, esr_el3
        lsr     x4, x4, #26
        cmp     x4, #0x17                               // SMC from AArch64
        b.ne    fault
        ldr     x10, =SRAM
        mrs     x19, mpidr_el1
        and     x19, x19, #0xff
        words   x20, x19
        ubfx    w4, w0, #24, #6                         // the owner of the call, fast or yielding
        cmp     w4, #2                                  // SiP
        b.eq    doorbell
        cmp     w4, #3                                  // OEM
        b.eq    doorbell
        on      SMCCC_VERSION, version_of_smccc
        on      SMCCC_ARCH_FEATURES, arch_features
        on      PSCI_VERSION, version_of_psci
        on      PSCI_FEATURES, psci_features
        on      PSCI_CPU_SUSPEND, cpu_suspend
        on      PSCI_CPU_SUSPEND | SMC64, cpu_suspend
        on      PSCI_CPU_OFF, cpu_off
        on      PSCI_CPU_ON, cpu_on_32
        on      PSCI_CPU_ON | SMC64, cpu_on
        on      PSCI_AFFINITY_INFO, affinity_info_32
        on      PSCI_AFFINITY_INFO | SMC64, affinity_info
        on      PSCI_MIGRATE_INFO_TYPE, migrate_info_type
        on      PSCI_SYSTEM_OFF, system_off
        on      PSCI_SYSTEM_RESET, system_reset
unknown:
        mov     x0, #NOT_SUPPORTED
leave:
        ldp     x4, x5, [sp, #0x00]
        ldp     x6, x7, [sp, #0x10]
        ldp     x8, x9, [sp, #0x20]
        ldp     x10, x11, [sp, #0x30]
        ldp     x12, x13, [sp, #0x40]
        ldp     x14, x15, [sp, #0x50]
        ldp     x19, x20, [sp, #0x60]
        ldp     x29, x30, [sp, #0x70]
        add     sp, sp, #0xa0
        eret

version_of_smccc:
        ldr     x0, =SMCCC_1_2
        b       leave

version_of_psci:
        ldr     x0, =PSCI_1_1
        b       leave

        // No workaround is here: an operating system must not think that its calls do anything.
arch_features:
        mov     w0, w1
        on      SMCCC_VERSION, success
        on      SMCCC_ARCH_FEATURES, success
        b       unknown

psci_features:
        mov     w0, w1
        on      SMCCC_VERSION, success
        on      PSCI_VERSION, success
        on      PSCI_FEATURES, success
        on      PSCI_CPU_SUSPEND, success               // platform-coordinated, power_state in its first format
        on      PSCI_CPU_SUSPEND | SMC64, success
        on      PSCI_CPU_OFF, success
        on      PSCI_CPU_ON, success
        on      PSCI_CPU_ON | SMC64, success
        on      PSCI_AFFINITY_INFO, success
        on      PSCI_AFFINITY_INFO | SMC64, success
        on      PSCI_MIGRATE_INFO_TYPE, success
        on      PSCI_SYSTEM_OFF, success
        on      PSCI_SYSTEM_RESET, success
        b       unknown
success:
        result  0

migrate_info_type:
        result  NO_MIGRATION

        // Standby alone: a power-down state would need the caller's entry point.
cpu_suspend:
        tbnz    w1, #16, invalid_parameters
        dsb     sy
        wfi
        result  0

cpu_off:
        mov     w0, #OFF
        str     w0, [x20, #CPU_STATE]
        add     sp, sp, #0xa0                           // this call does not return
        b       pen

cpu_on_32:
        mov     w1, w1
        mov     w2, w2
        mov     w3, w3
cpu_on:
        bl      find_cpu
        cbz     x11, invalid_parameters
        bl      take_lock                               // of two callers, one wins
        ldr     w4, [x11, #CPU_STATE]
        cmp     w4, #OFF
        b.ne    1f
        str     x2, [x11, #CPU_ENTRY]
        str     x3, [x11, #CPU_CONTEXT]
        mov     w4, #ON_PENDING
        str     w4, [x11, #CPU_STATE]
        bl      give_lock
        mov     x4, #1
        lsl     x4, x4, x1
        orr     x4, x4, #(WAKE_SGI << 24)
        msr     icc_sgi0r_el1, x4
        isb
        result  0
1:      bl      give_lock
        cmp     w4, #ON_PENDING
        b.eq    2f
        result  ALREADY_ON
2:      result  ON_IS_PENDING

affinity_info_32:
        mov     w1, w1
        mov     w2, w2
affinity_info:
        cbnz    x2, invalid_parameters                  // of one CPU, not of a group
        bl      find_cpu
        cbz     x11, invalid_parameters
        ldr     w4, [x11, #CPU_STATE]
        mov     x0, #0                                  // on
        cmp     w4, #ON
        b.eq    leave
        sub     w4, w4, #OFF
        cmp     w4, #1
        cset    x0, eq                                  // 2: on its way; 1: off
        add     x0, x0, #1
        b       leave

invalid_parameters:
        result  INVALID_PARAMETERS

        // x1: a CPU's affinity. x11 becomes the address of its words, or 0 where there is no such CPU.
find_cpu:
        mov     x11, #0
        cmp     x1, #MAX_CPUS
        b.hs    1f
        words   x11, x1
        ldr     w4, [x11, #CPU_STATE]
        cbnz    w4, 1f
        mov     x11, #0
1:      ret

system_reset:
        mov     w0, #(1 << PIN_RESET)
        b       pull
system_off:
        mov     w0, #(1 << PIN_POWER_OFF)
pull:   ldr     x1, =GPIO
        mov     w2, #(1 << PIN_RESET | 1 << PIN_POWER_OFF)
        str     w2, [x1, #GPIO_DIR]
        lsl     w2, w2, #2                              // the address of the data register says which pins it means
        str     w0, [x1, x2]
        b       sleep_for_ever

// ---- Doorbell

        // Sleeps while the platform answers, so that the other CPUs run meanwhile. Nothing of the normal world's wakes
        // it: the priority mask is set lower, and the interrupts of the UART and of the timer are of the secure group.
doorbell:
        mov     w15, w0                                 // the function id
        bl      take_lock
        ldr     x12, =UART
        ldr     x13, =GICD
        mrs     x14, icc_pmr_el1
        mov     x4, #SECURE_ONLY
        msr     icc_pmr_el1, x4

        // Wake this CPU, by the UART or when time is up.
        add     x4, x13, #GICD_IROUTER
        str     x19, [x4, #(8 * UART_INTID)]
        mov     w4, #(1 << (UART_INTID - 32))
        str     w4, [x13, #(GICD_ISENABLER + 4)]
        mov     w4, #0x10                               // receive
        str     w4, [x12, #UART_IMSC]
        ldr     x5, =GICR + 0x10000
        add     x5, x5, x19, lsl #17
        mov     w4, #(1 << TIMER_PPI)
        str     w4, [x5, #(GICR_ISENABLER0 - 0x10000)]
        mrs     x4, cntfrq_el0
        mov     x6, #DOORBELL_SECONDS
        mul     x4, x4, x6
        isb
        mrs     x6, cntpct_el0
        add     x29, x6, x4                             // the end of the wait
        msr     cntps_cval_el1, x29
        mov     x4, #1
        msr     cntps_ctl_el1, x4
        isb

        ldr     w11, [x10, #NUMBER]
        add     w11, w11, #1
        and     w11, w11, #0xff
        str     w11, [x10, #NUMBER]
        add     w4, w19, #0xa0
        bl      send
        mov     w4, w11
        bl      send
        mov     w4, w15
        bl      send_word

answer: bl      receive
        mov     w7, w4
        bl      receive
        cmp     w7, w11
        b.ne    answer                                  // late: of a ring that was given up
        sxtb    x0, w4
        b       1f
timed_out:
        mov     x0, #NOT_SUPPORTED
1:
        str     wzr, [x12, #UART_IMSC]
        msr     cntps_ctl_el1, xzr
        mov     w4, #(1 << (UART_INTID - 32))
        str     w4, [x13, #(GICD_ICENABLER + 4)]
        mov     w4, #(1 << TIMER_PPI)
        str     w4, [x5, #(GICR_ICENABLER0 - 0x10000)]
        dsb     sy
        msr     icc_pmr_el1, x14
        isb
        bl      give_lock
        b       leave

        // w4: the byte received. Leaves for timed_out when the wait has ended.
receive:
        ldr     w4, [x12, #UART_FR]
        tbz     w4, #UART_FR_RXFE, 1f
        isb
        mrs     x4, cntpct_el0
        cmp     x4, x29
        b.hs    timed_out
        dsb     sy
        wfi
        b       receive
1:      ldr     w4, [x12]
        and     w4, w4, #0xff
        ret

        // Sends the low byte of w4.
send:   ldr     w6, [x12, #UART_FR]
        tbnz    w6, #UART_FR_TXFF, send
        str     w4, [x12]
        ret

        // Sends w4, the low byte first.
send_word:
        mov     x9, x30
        mov     w8, #4
1:      bl      send
        lsr     w4, w4, #8
        subs    w8, w8, #1
        b.ne    1b
        ret     x9

take_lock:
        mov     w8, #1
1:      ldaxr   w6, [x10]
        cbnz    w6, 1b
        stxr    w6, w8, [x10]
        cbnz    w6, 1b
        ret

give_lock:
        stlr    wzr, [x10]
        ret

// ---- What must not happen: tell the platform, and power off.

fault:
        ldr     x12, =UART
        mrs     x19, mpidr_el1
        and     w19, w19, #0xff
        add     w4, w19, #0xe0
        bl      send
        mrs     x4, esr_el3
        bl      send_word
        mrs     x15, elr_el3
        mov     w4, w15
        bl      send_word
        lsr     x4, x15, #32
        bl      send_word
        b       system_off

        .ltorg
