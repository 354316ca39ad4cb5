;; 00  0f5ec1           divps xmm0, xmm1
;; 03  c3               ret
;; registers named: 
  (func $unit (type 0) (param i32) (result i32)
    (local i32 i32 i64 i64 i32 i32 i32 i64 i32 i64 i32 i64 i64 i32 v128 v128 v128 i32 i64 i64 i64 i32 i32 i64 i64 i64 i32)
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
    (if  ;; label = @1
      (i32.lt_s
        (local.get 1)
        (i32.const 66))
      (then
        (return
          (i32.const 0))))
    (local.set 11
      (i32.load offset=4240
        (i32.const 0)))
    (local.set 12
      (i64.load offset=4248
        (i32.const 0)))
    (local.set 13
      (i64.load offset=4256
        (i32.const 0)))
    (local.set 14
      (i32.load16_u offset=8
        (local.get 0)))
    (local.set 6
      (local.get 14))
    (block  ;; label = @1
      (block  ;; label = @2
        (br 0 (;@2;)))
      (local.set 14
        (i32.load offset=5440
          (i32.const 0)))
      (if  ;; label = @2
        (local.get 14)
        (then
          (local.set 1
            (local.get 1))
          (local.set 5
            (i32.const 2097120))
          (br 1 (;@1;))))
      (local.set 15
        (v128.load offset=5904
          (i32.const 0)))
      (local.set 16
        (v128.load offset=5888
          (i32.const 0)))
      (local.set 17
        (f32x4.div
          (local.get 16)
          (local.get 15)))
      (local.set 18
        (i32.load offset=5792
          (i32.const 0)))
      (if  ;; label = @2
        (i32.or
          (i32.ne
            (i32.and
              (local.get 18)
              (i32.const 65472))
            (i32.const 8064))
          (v128.any_true
            (v128.or
              (v128.or
                (v128.or
                  (v128.not
                    (f32x4.lt
                      (f32x4.abs
                        (local.get 17))
                      (v128.const i32x4 0x7f800000 0x7f800000 0x7f800000 0x7f800000)))
                  (v128.and
                    (f32x4.lt
                      (f32x4.abs
                        (local.get 16))
                      (v128.const i32x4 0x00800000 0x00800000 0x00800000 0x00800000))
                    (f32x4.ne
                      (local.get 16)
                      (v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000))))
                (v128.and
                  (f32x4.lt
                    (f32x4.abs
                      (local.get 15))
                    (v128.const i32x4 0x00800000 0x00800000 0x00800000 0x00800000))
                  (f32x4.ne
                    (local.get 15)
                    (v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000))))
              (v128.and
                (f32x4.le
                  (f32x4.abs
                    (local.get 17))
                  (v128.const i32x4 0x00800000 0x00800000 0x00800000 0x00800000))
                (f32x4.ne
                  (local.get 16)
                  (v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000))))))
        (then
          (local.set 1
            (local.get 1))
          (local.set 5
            (i32.const 2097120))
          (br 1 (;@1;))))
      (if  ;; label = @2
        (i32.eqz
          (i32.and
            (local.get 18)
            (i32.const 32)))
        (then
          (if  ;; label = @3
            (v128.any_true
              (v128.or
                (v128.or
                  (i32x4.ne
                    (v128.and
                      (local.get 17)
                      (v128.const i32x4 0x00000fff 0x00000fff 0x00000fff 0x00000fff))
                    (v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000))
                  (i32x4.ne
                    (v128.and
                      (local.get 15)
                      (v128.const i32x4 0x00000fff 0x00000fff 0x00000fff 0x00000fff))
                    (v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000)))
                (f32x4.ne
                  (f32x4.mul
                    (local.get 17)
                    (local.get 15))
                  (local.get 16))))
            (then
              (local.set 1
                (local.get 1))
              (local.set 5
                (i32.const 2097120))
              (br 2 (;@1;))))))
      (v128.store offset=5888
        (i32.const 0)
        (local.get 17))
      (local.set 19
        (local.get 4))
      (local.set 20
        (local.get 19))
      (local.set 14
        (i32.wrap_i64
          (local.get 20)))
      (local.set 18
        (i32.add
          (i32.and
            (i32.shr_u
              (local.get 14)
              (i32.const 8))
            (i32.const 16368))
          (local.get 2)))
      (local.set 21
        (i64.load
          (local.get 18)))
      (local.set 22
        (i32.load offset=8
          (local.get 18)))
      (if  ;; label = @2
        (i32.eqz
          (i64.eq
            (local.get 21)
            (i64.and
              (i64.add
                (local.get 20)
                (i64.const 7))
              (i64.const -4096))))
        (then
          (local.set 1
            (local.get 1))
          (local.set 5
            (i32.const 2097152))
          (br 1 (;@1;))))
      (local.set 23
        (i32.add
          (local.get 22)
          (local.get 14)))
      (local.set 24
        (i64.load align=1
          (local.get 23)))
      (local.set 25
        (i64.add
          (local.get 19)
          (i64.const 8)))
      (local.set 26
        (local.get 24))
      (if  ;; label = @2
        (i64.gt_u
          (i64.sub
            (local.get 26)
            (local.get 3))
          (i64.const 4095))
        (then
          (local.set 27
            (i32.load offset=5400
              (i32.const 0)))
          (if  ;; label = @3
            (i64.ne
              (i64.shr_s
                (i64.shl
                  (local.get 26)
                  (i64.extend_i32_u
                    (local.get 27)))
                (i64.extend_i32_u
                  (local.get 27)))
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
              (local.set 5
                (i32.const 2097186))
              (br 2 (;@1;))))))
      (local.set 4
        (local.get 25))
      (i64.store offset=4232
        (i32.const 0)
        (local.get 26))
      (local.set 1
        (local.get 1))
      (local.set 5
        (i32.const 2097185))
      (br 0 (;@1;))
      (unreachable))
    (i32.store offset=5376
      (i32.const 0)
      (local.get 1))
    (i64.store offset=4128
      (i32.const 0)
      (local.get 4))
    (i32.store offset=4240
      (i32.const 0)
      (local.get 11))
    (i64.store offset=4248
      (i32.const 0)
      (local.get 12))
    (i64.store offset=4256
      (i32.const 0)
      (local.get 13))
    (i32.store offset=5396
      (i32.const 0)
      (i32.and
        (local.get 5)
        (i32.const -32)))
    (i32.and
      (local.get 5)
      (i32.const 31)))
  (export "unit" (func 0)))
