;; 00  8b4702           mov ax, word ptr [bx+0x2]
;; 03  268907           mov word ptr es:[bx], ax
;; 06  c3               ret
;; registers named: rax rbx
  (func $unit (type 1) (param i32) (result i32)
    (local i32 i32 i64 i64 i64 i64 i32 i32 i32 i64 i32 i64 i32 i64 i64 i32 i64 i32 i32 i64 i32 i32 i32 i32 i64 i32)
    (local.set 1
      (i32.load offset=5376
        (i32.const 0)))
    (local.set 2
      (i32.load offset=5380
        (i32.const 0)))
    (local.set 3
      (i64.load offset=5384
        (i32.const 0)))
    (local.set 4
      (i64.load offset=4096
        (i32.const 0)))
    (local.set 5
      (i64.load offset=4120
        (i32.const 0)))
    (local.set 6
      (i64.load offset=4128
        (i32.const 0)))
    (if  ;; label = @1
      (i32.or
        (i32.lt_s
          (local.get 1)
          (i32.const 67))
        (i64.gt_u
          (local.get 3)
          (i64.const 61440)))
      (then
        (return
          (i32.const 0))))
    (local.set 13
      (i32.load offset=4240
        (i32.const 0)))
    (local.set 14
      (i64.load offset=4248
        (i32.const 0)))
    (local.set 15
      (i64.load offset=4256
        (i32.const 0)))
    (local.set 16
      (i32.load16_u offset=8
        (local.get 0)))
    (local.set 8
      (local.get 16))
    (block  ;; label = @1
      (block  ;; label = @2
        (br 0 (;@2;)))
      (local.set 16
        (i32.and
          (i32.add
            (i32.wrap_i64
              (local.get 5))
            (i32.const 2))
          (i32.const 65535)))
      (local.set 17
        (call 0
          (i64.extend_i32_u
            (local.get 16))
          (i32.const 2)
          (i32.const 3)))
      (if  ;; label = @2
        (i64.eq
          (local.get 17)
          (i64.const -1))
        (then
          (local.set 1
            (local.get 1))
          (local.set 7
            (i32.const 2097154))
          (br 1 (;@1;))))
      (local.set 18
        (i32.wrap_i64
          (local.get 17)))
      (local.set 19
        (i32.add
          (i32.and
            (i32.shr_u
              (local.get 18)
              (i32.const 8))
            (i32.const 16368))
          (local.get 2)))
      (local.set 20
        (i64.load
          (local.get 19)))
      (local.set 21
        (i32.load offset=8
          (local.get 19)))
      (if  ;; label = @2
        (i32.eqz
          (i64.eq
            (local.get 20)
            (i64.and
              (i64.add
                (local.get 17)
                (i64.const 1))
              (i64.const -4096))))
        (then
          (local.set 1
            (local.get 1))
          (local.set 7
            (i32.const 2097120))
          (br 1 (;@1;))))
      (local.set 22
        (i32.add
          (local.get 21)
          (local.get 18)))
      (local.set 23
        (i32.load16_u align=1
          (local.get 22)))
      (local.set 4
        (i64.or
          (i64.and
            (local.get 4)
            (i64.const -65536))
          (i64.and
            (i64.extend_i32_u
              (local.get 23))
            (i64.const 65535))))
      (local.set 16
        (i32.and
          (i32.wrap_i64
            (local.get 4))
          (i32.const 65535)))
      (local.set 18
        (i32.and
          (i32.wrap_i64
            (local.get 5))
          (i32.const 65535)))
      (local.set 19
        (local.get 16))
      (local.set 17
        (call 0
          (i64.extend_i32_u
            (local.get 18))
          (i32.const 258)
          (i32.const 0)))
      (if  ;; label = @2
        (i64.eq
          (local.get 17)
          (i64.const -1))
        (then
          (local.set 1
            (local.get 1))
          (local.set 7
            (i32.const 2097186))
          (br 1 (;@1;))))
      (local.set 21
        (i32.wrap_i64
          (local.get 17)))
      (local.set 22
        (i32.add
          (i32.and
            (i32.shr_u
              (local.get 21)
              (i32.const 8))
            (i32.const 16368))
          (local.get 2)))
      (local.set 20
        (i64.load offset=16384
          (local.get 22)))
      (local.set 23
        (i32.load offset=16392
          (local.get 22)))
      (if  ;; label = @2
        (i32.eqz
          (i64.eq
            (local.get 20)
            (i64.and
              (i64.add
                (local.get 17)
                (i64.const 1))
              (i64.const -4096))))
        (then
          (local.set 1
            (local.get 1))
          (local.set 7
            (i32.const 2097152))
          (br 1 (;@1;))))
      (local.set 24
        (i32.add
          (local.get 23)
          (local.get 21)))
      (i32.store16 align=1
        (local.get 24)
        (local.get 19))
      (local.set 16
        (i32.and
          (i32.wrap_i64
            (local.get 6))
          (i32.const 65535)))
      (local.set 17
        (call 0
          (i64.extend_i32_u
            (local.get 16))
          (i32.const 2)
          (i32.const 2)))
      (if  ;; label = @2
        (i64.eq
          (local.get 17)
          (i64.const -1))
        (then
          (local.set 1
            (local.get 1))
          (local.set 7
            (i32.const 2097218))
          (br 1 (;@1;))))
      (local.set 18
        (i32.wrap_i64
          (local.get 17)))
      (local.set 19
        (i32.add
          (i32.and
            (i32.shr_u
              (local.get 18)
              (i32.const 8))
            (i32.const 16368))
          (local.get 2)))
      (local.set 20
        (i64.load
          (local.get 19)))
      (local.set 21
        (i32.load offset=8
          (local.get 19)))
      (if  ;; label = @2
        (i32.eqz
          (i64.eq
            (local.get 20)
            (i64.and
              (i64.add
                (local.get 17)
                (i64.const 1))
              (i64.const -4096))))
        (then
          (local.set 1
            (local.get 1))
          (local.set 7
            (i32.const 2097184))
          (br 1 (;@1;))))
      (local.set 22
        (i32.add
          (local.get 21)
          (local.get 18)))
      (local.set 23
        (i32.load16_u align=1
          (local.get 22)))
      (local.set 24
        (i32.and
          (i32.add
            (local.get 16)
            (i32.const 2))
          (i32.const 65535)))
      (local.set 25
        (i64.extend_i32_u
          (local.get 23)))
      (local.set 26
        (i32.load offset=4396
          (i32.const 0)))
      (if  ;; label = @2
        (i32.gt_u
          (i32.wrap_i64
            (local.get 25))
          (local.get 26))
        (then
          (i32.store offset=5404
            (i32.const 0)
            (i32.const 13))
          (i32.store offset=5408
            (i32.const 0)
            (i32.const 0))
          (local.set 1
            (local.get 1))
          (local.set 7
            (i32.const 2097218))
          (br 1 (;@1;))))
      (local.set 6
        (i64.or
          (i64.and
            (local.get 6)
            (i64.const -65536))
          (i64.and
            (i64.extend_i32_u
              (local.get 24))
            (i64.const 65535))))
      (i64.store offset=4232
        (i32.const 0)
        (local.get 25))
      (local.set 1
        (local.get 1))
      (local.set 7
        (i32.const 2097217))
      (br 0 (;@1;))
      (unreachable))
    (i32.store offset=5376
      (i32.const 0)
      (local.get 1))
    (i64.store offset=4096
      (i32.const 0)
      (local.get 4))
    (i64.store offset=4120
      (i32.const 0)
      (local.get 5))
    (i64.store offset=4128
      (i32.const 0)
      (local.get 6))
    (i32.store offset=4240
      (i32.const 0)
      (local.get 13))
    (i64.store offset=4248
      (i32.const 0)
      (local.get 14))
    (i64.store offset=4256
      (i32.const 0)
      (local.get 15))
    (i32.store offset=5396
      (i32.const 0)
      (i32.and
        (local.get 7)
        (i32.const -32)))
    (i32.and
      (local.get 7)
      (i32.const 31)))
  (export "unit" (func 1)))
