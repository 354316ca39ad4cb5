;; 00  f20f2cc0         cvttsd2si eax, xmm0
;; 04  f20f2ac8         cvtsi2sd xmm1, eax
;; 08  660f2fc1         comisd xmm0, xmm1
;; 0c  77f2             ja $-0xc
;; 0e  c3               ret
;; registers named: rax
  (func $unit (type 0) (param i32) (result i32)
    (local i32 i32 i64 i64 i64 i32 i32 i32 i64 i32 i64 i32 i64 i64 i32 v128 i64 f64 f64 i32 v128 i64 i64 i32 i32 i64 i64 i64 i32)
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
      (i64.load offset=4128
        (i32.const 0)))
    (if  ;; label = @1
      (i32.lt_s
        (local.get 1)
        (i32.const 69))
      (then
        (return
          (i32.const 0))))
    (local.set 12
      (i32.load offset=4240
        (i32.const 0)))
    (local.set 13
      (i64.load offset=4248
        (i32.const 0)))
    (local.set 14
      (i64.load offset=4256
        (i32.const 0)))
    (local.set 15
      (i32.load16_u offset=8
        (local.get 0)))
    (local.set 7
      (local.get 15))
    (block  ;; label = @1
      (block  ;; label = @2
        (block  ;; label = @3
          (block  ;; label = @4
            (br 0 (;@4;)))
          (loop  ;; label = @4
            (block  ;; label = @5
              (br 0 (;@5;)))
            (if  ;; label = @5
              (i32.lt_s
                (local.get 1)
                (i32.const 69))
              (then
                (i64.store offset=4232
                  (i32.const 0)
                  (local.get 3))
                (local.set 1
                  (i32.add
                    (local.get 1)
                    (i32.const 1)))
                (local.set 6
                  (i32.const 2097153))
                (br 4 (;@1;))))
            (local.set 15
              (i32.load offset=5440
                (i32.const 0)))
            (if  ;; label = @5
              (local.get 15)
              (then
                (local.set 1
                  (local.get 1))
                (local.set 6
                  (i32.const 2097120))
                (br 4 (;@1;))))
            (local.set 16
              (v128.load offset=5888
                (i32.const 0)))
            (local.set 17
              (i64x2.extract_lane 0
                (local.get 16)))
            (local.set 18
              (f64.reinterpret_i64
                (local.get 17)))
            (local.set 19
              (f64.trunc
                (local.get 18)))
            (local.set 20
              (i32.load offset=5792
                (i32.const 0)))
            (if  ;; label = @5
              (i32.or
                (i32.eqz
                  (f64.lt
                    (f64.abs
                      (local.get 19))
                    (f64.reinterpret_i64
                      (i64.const 4746794007248502784))))
                (i32.and
                  (f64.ne
                    (local.get 19)
                    (local.get 18))
                  (i32.eqz
                    (i32.eq
                      (i32.and
                        (local.get 20)
                        (i32.const 4128))
                      (i32.const 4128)))))
              (then
                (local.set 1
                  (local.get 1))
                (local.set 6
                  (i32.const 2097120))
                (br 4 (;@1;))))
            (local.set 4
              (i64.extend_i32_u
                (i32.trunc_f64_s
                  (local.get 19))))
            (local.set 15
              (i32.wrap_i64
                (local.get 4)))
            (local.set 16
              (v128.load offset=5904
                (i32.const 0)))
            (v128.store offset=5904
              (i32.const 0)
              (f64x2.replace_lane 0
                (local.get 16)
                (f64.convert_i32_s
                  (local.get 15))))
            (local.set 16
              (v128.load offset=5904
                (i32.const 0)))
            (local.set 21
              (v128.load offset=5888
                (i32.const 0)))
            (if  ;; label = @5
              (i32x4.extract_lane 0
                (v128.or
                  (v128.or
                    (v128.or
                      (f64x2.ne
                        (local.get 21)
                        (local.get 21))
                      (f64x2.ne
                        (local.get 16)
                        (local.get 16)))
                    (v128.and
                      (f64x2.lt
                        (f64x2.abs
                          (local.get 21))
                        (v128.const i32x4 0x00000000 0x00100000 0x00000000 0x00100000))
                      (f64x2.ne
                        (local.get 21)
                        (v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000))))
                  (v128.and
                    (f64x2.lt
                      (f64x2.abs
                        (local.get 16))
                      (v128.const i32x4 0x00000000 0x00100000 0x00000000 0x00100000))
                    (f64x2.ne
                      (local.get 16)
                      (v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000)))))
              (then
                (local.set 1
                  (local.get 1))
                (local.set 6
                  (i32.const 2097184))
                (br 4 (;@1;))))
            (local.set 15
              (i32.or
                (i32.and
                  (i32x4.extract_lane 0
                    (f64x2.eq
                      (local.get 21)
                      (local.get 16)))
                  (i32.const 64))
                (i32.and
                  (i32x4.extract_lane 0
                    (f64x2.lt
                      (local.get 21)
                      (local.get 16)))
                  (i32.const 1))))
            (local.set 8
              (local.get 15))
            (local.set 15
              (i32.wrap_i64
                (i64.extend_i32_u
                  (local.get 8))))
            (local.set 20
              (i32.eqz
                (i32.ne
                  (i32.and
                    (local.get 15)
                    (i32.const 65))
                  (i32.const 0))))
            (if  ;; label = @5
              (local.get 20)
              (then
                (local.set 1
                  (i32.sub
                    (local.get 1)
                    (i32.const 4)))
                (local.set 12
                  (i32.const 0))
                (local.set 13
                  (i64.extend_i32_u
                    (local.get 8)))
                (br 1 (;@4;))))
            (local.set 1
              (i32.sub
                (local.get 1)
                (i32.const 4)))
            (br 1 (;@3;))
            (unreachable)))
        (local.set 17
          (local.get 5))
        (local.set 22
          (local.get 17))
        (local.set 15
          (i32.wrap_i64
            (local.get 22)))
        (local.set 20
          (i32.add
            (i32.and
              (i32.shr_u
                (local.get 15)
                (i32.const 8))
              (i32.const 16368))
            (local.get 2)))
        (local.set 23
          (i64.load
            (local.get 20)))
        (local.set 24
          (i32.load offset=8
            (local.get 20)))
        (if  ;; label = @3
          (i32.eqz
            (i64.eq
              (local.get 23)
              (i64.and
                (i64.add
                  (local.get 22)
                  (i64.const 7))
                (i64.const -4096))))
          (then
            (local.set 1
              (i32.add
                (local.get 1)
                (i32.const 4)))
            (local.set 6
              (i32.const 2097248))
            (br 1 (;@2;))))
        (local.set 25
          (i32.add
            (local.get 24)
            (local.get 15)))
        (local.set 26
          (i64.load align=1
            (local.get 25)))
        (local.set 27
          (i64.add
            (local.get 17)
            (i64.const 8)))
        (local.set 28
          (local.get 26))
        (if  ;; label = @3
          (i64.gt_u
            (i64.sub
              (local.get 28)
              (local.get 3))
            (i64.const 4095))
          (then
            (local.set 29
              (i32.load offset=5400
                (i32.const 0)))
            (if  ;; label = @4
              (i64.ne
                (i64.shr_s
                  (i64.shl
                    (local.get 28)
                    (i64.extend_i32_u
                      (local.get 29)))
                  (i64.extend_i32_u
                    (local.get 29)))
                (local.get 28))
              (then
                (i32.store offset=5404
                  (i32.const 0)
                  (i32.const 13))
                (i32.store offset=5408
                  (i32.const 0)
                  (i32.const 0))
                (local.set 1
                  (i32.add
                    (local.get 1)
                    (i32.const 4)))
                (local.set 6
                  (i32.const 2097282))
                (br 2 (;@2;))))))
        (local.set 5
          (local.get 27))
        (i64.store offset=4232
          (i32.const 0)
          (local.get 28))
        (local.set 1
          (i32.add
            (local.get 1)
            (i32.const 4)))
        (local.set 6
          (i32.const 2097281))
        (br 0 (;@2;))
        (unreachable))
      (local.set 12
        (i32.const 0))
      (local.set 13
        (i64.extend_i32_u
          (local.get 8)))
      (br 0 (;@1;)))
    (i32.store offset=5376
      (i32.const 0)
      (local.get 1))
    (i64.store offset=4096
      (i32.const 0)
      (local.get 4))
    (i64.store offset=4128
      (i32.const 0)
      (local.get 5))
    (i32.store offset=4240
      (i32.const 0)
      (local.get 12))
    (i64.store offset=4248
      (i32.const 0)
      (local.get 13))
    (i64.store offset=4256
      (i32.const 0)
      (local.get 14))
    (i32.store offset=5396
      (i32.const 0)
      (i32.and
        (local.get 6)
        (i32.const -32)))
    (i32.and
      (local.get 6)
      (i32.const 31)))
  (export "unit" (func 0)))
