;; 00  0f1006           movups xmm0, xmmword ptr [rsi]
;; 03  0f2907           movaps xmmword ptr [rdi], xmm0
;; 06  f30f6f4610       movdqu xmm0, xmmword ptr [rsi+0x10]
;; 0b  660f7f4710       movdqa xmmword ptr [rdi+0x10], xmm0
;; 10  c3               ret
;; registers named: rsi rdi
  (func $unit (type 0) (param i32) (result i32)
    (local i32 i32 i64 i64 i64 i64 i32 i32 i32 i64 i32 i64 i32 i64 i64 i32 i64 i64 i32 i32 i64 i32 i32 v128 v128 i64 i64 i64)
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
      (i64.load offset=4128
        (i32.const 0)))
    (local.set 5
      (i64.load offset=4144
        (i32.const 0)))
    (local.set 6
      (i64.load offset=4152
        (i32.const 0)))
    (if  ;; label = @1
      (i32.lt_s
        (local.get 1)
        (i32.const 69))
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
        (i32.load offset=5440
          (i32.const 0)))
      (if  ;; label = @2
        (local.get 16)
        (then
          (local.set 1
            (local.get 1))
          (local.set 7
            (i32.const 2097120))
          (br 1 (;@1;))))
      (local.set 17
        (local.get 5))
      (local.set 18
        (local.get 17))
      (local.set 19
        (i32.wrap_i64
          (local.get 18)))
      (local.set 20
        (i32.add
          (i32.and
            (i32.shr_u
              (local.get 19)
              (i32.const 8))
            (i32.const 16368))
          (local.get 2)))
      (local.set 21
        (i64.load
          (local.get 20)))
      (local.set 22
        (i32.load offset=8
          (local.get 20)))
      (if  ;; label = @2
        (i32.eqz
          (i64.eq
            (local.get 21)
            (i64.and
              (i64.add
                (local.get 18)
                (i64.const 15))
              (i64.const -4096))))
        (then
          (local.set 1
            (local.get 1))
          (local.set 7
            (i32.const 2097120))
          (br 1 (;@1;))))
      (local.set 23
        (i32.add
          (local.get 22)
          (local.get 19)))
      (local.set 24
        (v128.load align=1
          (local.get 23)))
      (v128.store offset=5888
        (i32.const 0)
        (local.get 24))
      (local.set 24
        (v128.load offset=5888
          (i32.const 0)))
      (local.set 17
        (local.get 6))
      (local.set 25
        (local.get 24))
      (local.set 18
        (local.get 17))
      (if  ;; label = @2
        (i32.and
          (i32.wrap_i64
            (local.get 18))
          (i32.const 15))
        (then
          (local.set 1
            (local.get 1))
          (local.set 7
            (i32.const 2097152))
          (br 1 (;@1;))))
      (local.set 16
        (i32.wrap_i64
          (local.get 18)))
      (local.set 19
        (i32.add
          (i32.and
            (i32.shr_u
              (local.get 16)
              (i32.const 8))
            (i32.const 16368))
          (local.get 2)))
      (local.set 21
        (i64.load offset=16384
          (local.get 19)))
      (local.set 20
        (i32.load offset=16392
          (local.get 19)))
      (if  ;; label = @2
        (i32.eqz
          (i64.eq
            (local.get 21)
            (i64.and
              (i64.add
                (local.get 18)
                (i64.const 15))
              (i64.const -4096))))
        (then
          (local.set 1
            (local.get 1))
          (local.set 7
            (i32.const 2097152))
          (br 1 (;@1;))))
      (local.set 22
        (i32.add
          (local.get 20)
          (local.get 16)))
      (v128.store align=1
        (local.get 22)
        (local.get 25))
      (local.set 17
        (i64.add
          (local.get 5)
          (i64.const 16)))
      (local.set 18
        (local.get 17))
      (local.set 16
        (i32.wrap_i64
          (local.get 18)))
      (local.set 19
        (i32.add
          (i32.and
            (i32.shr_u
              (local.get 16)
              (i32.const 8))
            (i32.const 16368))
          (local.get 2)))
      (local.set 21
        (i64.load
          (local.get 19)))
      (local.set 20
        (i32.load offset=8
          (local.get 19)))
      (if  ;; label = @2
        (i32.eqz
          (i64.eq
            (local.get 21)
            (i64.and
              (i64.add
                (local.get 18)
                (i64.const 15))
              (i64.const -4096))))
        (then
          (local.set 1
            (local.get 1))
          (local.set 7
            (i32.const 2097184))
          (br 1 (;@1;))))
      (local.set 22
        (i32.add
          (local.get 20)
          (local.get 16)))
      (local.set 24
        (v128.load align=1
          (local.get 22)))
      (v128.store offset=5888
        (i32.const 0)
        (local.get 24))
      (local.set 24
        (v128.load offset=5888
          (i32.const 0)))
      (local.set 17
        (i64.add
          (local.get 6)
          (i64.const 16)))
      (local.set 25
        (local.get 24))
      (local.set 18
        (local.get 17))
      (if  ;; label = @2
        (i32.and
          (i32.wrap_i64
            (local.get 18))
          (i32.const 15))
        (then
          (local.set 1
            (local.get 1))
          (local.set 7
            (i32.const 2097216))
          (br 1 (;@1;))))
      (local.set 16
        (i32.wrap_i64
          (local.get 18)))
      (local.set 19
        (i32.add
          (i32.and
            (i32.shr_u
              (local.get 16)
              (i32.const 8))
            (i32.const 16368))
          (local.get 2)))
      (local.set 21
        (i64.load offset=16384
          (local.get 19)))
      (local.set 20
        (i32.load offset=16392
          (local.get 19)))
      (if  ;; label = @2
        (i32.eqz
          (i64.eq
            (local.get 21)
            (i64.and
              (i64.add
                (local.get 18)
                (i64.const 15))
              (i64.const -4096))))
        (then
          (local.set 1
            (local.get 1))
          (local.set 7
            (i32.const 2097216))
          (br 1 (;@1;))))
      (local.set 22
        (i32.add
          (local.get 20)
          (local.get 16)))
      (v128.store align=1
        (local.get 22)
        (local.get 25))
      (local.set 17
        (local.get 4))
      (local.set 18
        (local.get 17))
      (local.set 16
        (i32.wrap_i64
          (local.get 18)))
      (local.set 19
        (i32.add
          (i32.and
            (i32.shr_u
              (local.get 16)
              (i32.const 8))
            (i32.const 16368))
          (local.get 2)))
      (local.set 21
        (i64.load
          (local.get 19)))
      (local.set 20
        (i32.load offset=8
          (local.get 19)))
      (if  ;; label = @2
        (i32.eqz
          (i64.eq
            (local.get 21)
            (i64.and
              (i64.add
                (local.get 18)
                (i64.const 7))
              (i64.const -4096))))
        (then
          (local.set 1
            (local.get 1))
          (local.set 7
            (i32.const 2097248))
          (br 1 (;@1;))))
      (local.set 22
        (i32.add
          (local.get 20)
          (local.get 16)))
      (local.set 26
        (i64.load align=1
          (local.get 22)))
      (local.set 27
        (i64.add
          (local.get 17)
          (i64.const 8)))
      (local.set 28
        (local.get 26))
      (if  ;; label = @2
        (i64.gt_u
          (i64.sub
            (local.get 28)
            (local.get 3))
          (i64.const 4095))
        (then
          (local.set 23
            (i32.load offset=5400
              (i32.const 0)))
          (if  ;; label = @3
            (i64.ne
              (i64.shr_s
                (i64.shl
                  (local.get 28)
                  (i64.extend_i32_u
                    (local.get 23)))
                (i64.extend_i32_u
                  (local.get 23)))
              (local.get 28))
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
                (i32.const 2097282))
              (br 2 (;@1;))))))
      (local.set 4
        (local.get 27))
      (i64.store offset=4232
        (i32.const 0)
        (local.get 28))
      (local.set 1
        (local.get 1))
      (local.set 7
        (i32.const 2097281))
      (br 0 (;@1;))
      (unreachable))
    (i32.store offset=5376
      (i32.const 0)
      (local.get 1))
    (i64.store offset=4128
      (i32.const 0)
      (local.get 4))
    (i64.store offset=4144
      (i32.const 0)
      (local.get 5))
    (i64.store offset=4152
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
  (export "unit" (func 0)))
