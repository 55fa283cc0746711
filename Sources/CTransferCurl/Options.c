// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
#define CURL_DISABLE_TYPECHECK
#include "CTransferCurl.h"
#include <curl/curl.h>

int ctransfer_set_long(void *easy, int option, long value) {
    return curl_easy_setopt(easy, (CURLoption)option, value);
}

int ctransfer_set_size(void *easy, int option, int64_t value) {
    return curl_easy_setopt(easy, (CURLoption)option, (curl_off_t)value);
}

int ctransfer_set_text(void *easy, int option, const char *value) {
    return curl_easy_setopt(easy, (CURLoption)option, value);
}

int ctransfer_set_pointer(void *easy, int option, void *value) {
    return curl_easy_setopt(easy, (CURLoption)option, value);
}

int ctransfer_get_long(void *easy, int result, long *value) {
    return curl_easy_getinfo(easy, (CURLINFO)result, value);
}

int ctransfer_get_size(void *easy, int result, int64_t *value) {
    curl_off_t size = 0;
    int code = curl_easy_getinfo(easy, (CURLINFO)result, &size);
    *value = size;
    return code;
}

int ctransfer_get_pointer(void *easy, int result, void **value) {
    return curl_easy_getinfo(easy, (CURLINFO)result, value);
}

int ctransfer_multi_set_long(void *multi, int option, long value) {
    return curl_multi_setopt(multi, (CURLMoption)option, value);
}

void *ctransfer_multi_ended(void *multi, int *code) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *code = message->data.result;
        return message->easy_handle;
    }
    return NULL;
}
